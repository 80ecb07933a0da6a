"""LiteLLM's proxy on a socket it is given, with a model whose answers are made up: the OpenAI-compatible test server."""
import os
import socket
import sys

config = os.path.join(sys.argv[2], "litellm.yaml")
with open(config, "w") as file:
    file.write(f"""
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_key: none, mock_response: "Good day from the mock model."}}
  - model_name: limited
    litellm_params: {{model: openai/limited, api_key: none, mock_response: "litellm.RateLimitError"}}
litellm_settings: {{telemetry: false, num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {os.environ["BATTEN_TEST_OPENAI_KEY"]}}}
""")
os.environ["CONFIG_FILE_PATH"] = config
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import uvicorn  # noqa: E402
from litellm.proxy.proxy_server import app  # noqa: E402

server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
