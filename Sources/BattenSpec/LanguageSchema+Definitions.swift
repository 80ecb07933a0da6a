extension LanguageSchema {
    /// What the workflow's fields refer to: stages, bodies, retry and others.
    static let definitions = #"""
        {
          "duration": {
            "description": "500ms, 30s, 10m, 2h, 1d, 1h30m or ISO 8601 as PT1H30M.",
            "type": "string",
            "pattern": "^([0-9]+([.,][0-9]+)?(d|h|m|s|ms|us|ns))+$|^[Pp]"
          },
          "expression": {
            "description": "A string with ${{ … }}.",
            "type": "string",
            "pattern": "\\$\\{\\{"
          },
          "env": {
            "description": "Environment; values are texts or {from_host: NAME}.",
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            "additionalProperties": {
              "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {
                  "type": "object",
                  "required": ["from_host"],
                  "additionalProperties": false,
                  "properties": {
                    "from_host": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                    "default": {"type": ["string", "number", "boolean"]}
                  }
                }
              ]
            }
          },
          "retry": {
            "type": "object",
            "description": "When and how often an attempt is tried again.",
            "additionalProperties": false,
            "properties": {
              "max_attempts": {"type": "integer", "minimum": 1, "maximum": 1000000},
              "backoff": {"enum": ["constant", "linear", "exponential"]},
              "initial": {"$ref": "#/$defs/duration"},
              "factor": {"type": "number", "minimum": 1},
              "max": {"$ref": "#/$defs/duration"},
              "jitter": {"enum": ["none", "equal", "full"]},
              "on": {
                "type": "array",
                "uniqueItems": true,
                "items": {
                  "enum": [
                    "failed",
                    "transient",
                    "rate_limited",
                    "permanent",
                    "timeout",
                    "crashed",
                    "quota"
                  ]
                }
              }
            }
          },
          "on_failure": {
            "description": "What a final failure does to the run.",
            "enum": ["halt", "continue", "skip_dependents"]
          },
          "budget": {
            "type": "object",
            "description": "A bound on tokens and money.",
            "additionalProperties": false,
            "properties": {
              "tokens": {"type": "integer", "minimum": 1},
              "cost_usd": {"type": "number", "minimum": 0}
            },
            "minProperties": 1
          },
          "context": {
            "type": "object",
            "description": "Texts and files given to stages that talk to a language model.",
            "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
            "additionalProperties": {
              "anyOf": [
                {"type": "string"},
                {
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "text": {
                      "anyOf": [
                        {"type": "string"},
                        {
                          "type": "array",
                          "items": {
                            "anyOf": [
                              {"type": "string"},
                              {
                                "type": "object",
                                "required": ["text"],
                                "additionalProperties": false,
                                "properties": {
                                  "text": {"type": "string"},
                                  "confidence": {"type": "number", "minimum": 0}
                                }
                              }
                            ]
                          }
                        }
                      ]
                    },
                    "file": {"type": "string"},
                    "max_tokens": {"type": "integer", "minimum": 1},
                    "min_confidence": {"type": "number", "minimum": 0}
                  },
                  "oneOf": [{"required": ["text"]}, {"required": ["file"]}]
                }
              ]
            }
          },
          "body": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "uses": {
                "anyOf": [
                  {"enum": ["gate", "sleep", "signal", "workflow", "set"]},
                  {"type": "string", "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"}
                ],
                "description": "Executor as <plugin>.<executor>, or one of the engine's own kinds."
              },
              "with": {
                "type": "object",
                "description": "The executor's input; strings may hold expressions."
              },
              "definition": {
                "$ref": "#",
                "description": "With uses: workflow, the workflow itself in place of its name or path."
              },
              "env": {"$ref": "#/$defs/env"},
              "timeout": {
                "$ref": "#/$defs/duration",
                "description": "Bound on one attempt; 2h when not written."
              },
              "retry": {"$ref": "#/$defs/retry"},
              "agent": {"type": "string", "description": "With prompt: short for uses: llm.chat."},
              "prompt": {"type": "string", "description": "With agent: short for uses: llm.chat."}
            },
            "anyOf": [{"required": ["uses"]}, {"required": ["agent", "prompt"]}]
          },
          "stage": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
              "id": {
                "type": "string",
                "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$",
                "description": "Identifier, unique in the workflow."
              },
              "name": {"type": "string", "description": "Name for people."},
              "description": {"type": "string", "description": "What the stage is for."},
              "uses": {
                "anyOf": [
                  {"enum": ["gate", "sleep", "signal", "workflow", "set"]},
                  {"type": "string", "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"}
                ],
                "description": "Executor as <plugin>.<executor>, or one of the engine's own kinds."
              },
              "with": {
                "type": "object",
                "description": "The executor's input; strings may hold expressions."
              },
              "definition": {
                "$ref": "#",
                "description": "With uses: workflow, the workflow itself in place of its name or path."
              },
              "depends_on": {
                "anyOf": [
                  {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                  {"type": "string"}
                ],
                "description": "Stages that must be decided before this one."
              },
              "if": {
                "type": ["string", "boolean"],
                "minLength": 1,
                "description": "Condition; without a status function it means success() && (…)."
              },
              "env": {"$ref": "#/$defs/env"},
              "inputs": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
                "additionalProperties": {
                  "if": {"type": "object"},
                  "then": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "type": {
                        "enum": ["string", "integer", "number", "boolean", "array", "object"]
                      },
                      "required": {"type": "boolean"},
                      "value": {}
                    }
                  }
                },
                "description": "Typed contract of what the stage reads."
              },
              "outputs": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
                "additionalProperties": {
                  "if": {"type": "object"},
                  "then": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "type": {
                        "enum": ["string", "integer", "number", "boolean", "array", "object"]
                      },
                      "value": {},
                      "description": {"type": "string"}
                    }
                  }
                },
                "description": "Typed contract of what others read of the stage."
              },
              "timeout": {
                "$ref": "#/$defs/duration",
                "description": "Bound on one attempt; 2h when not written."
              },
              "deadline": {
                "$ref": "#/$defs/duration",
                "description": "Bound on all attempts and waits together."
              },
              "retry": {"$ref": "#/$defs/retry"},
              "on_failure": {"$ref": "#/$defs/on_failure"},
              "fallback": {
                "$ref": "#/$defs/body",
                "description": "A stage body tried when the attempts are exhausted."
              },
              "compensate": {
                "$ref": "#/$defs/body",
                "description": "An undo, run in reverse order when the run fails or is cancelled."
              },
              "for_each": {
                "anyOf": [{"type": "array"}, {"$ref": "#/$defs/expression"}],
                "description": "A list to run the stage over."
              },
              "matrix": {
                "type": "object",
                "minProperties": 1,
                "properties": {
                  "include": {"type": "array", "items": {"type": "object"}},
                  "exclude": {"type": "array", "items": {"type": "object"}}
                },
                "additionalProperties": {"anyOf": [{"type": "array"}, {"$ref": "#/$defs/expression"}]},
                "description": "A cross product to run the stage over; the last key runs fastest."
              },
              "max_parallel": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000000,
                "description": "Items at once, with for_each or matrix."
              },
              "fail_fast": {
                "type": "boolean",
                "description": "Whether the first failed item stops new ones."
              },
              "cache": {
                "type": "object",
                "description": "Reuse of earlier results.",
                "required": ["key"],
                "additionalProperties": false,
                "properties": {
                  "key": {"type": "string", "minLength": 1},
                  "ttl": {"$ref": "#/$defs/duration"}
                }
              },
              "isolation": {
                "enum": ["inherit", "in_process", "process"],
                "description": "Where the executor runs."
              },
              "priority": {
                "type": "integer",
                "minimum": -1000000,
                "maximum": 1000000,
                "description": "Order among stages that wait for a slot; higher goes first."
              },
              "budget": {"$ref": "#/$defs/budget"},
              "context": {"$ref": "#/$defs/context"},
              "handoff": {
                "type": "object",
                "description": "A condensed form of the outputs for later stages.",
                "required": ["summary"],
                "additionalProperties": false,
                "properties": {
                  "summary": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "agent": {"type": "string"},
                      "model": {"type": "string"},
                      "prompt": {"type": "string"},
                      "max_tokens": {"type": "integer", "minimum": 1}
                    }
                  }
                }
              },
              "on_lost": {
                "enum": ["retry", "fail", "gate"],
                "description": "What happens when an attempt is lost with the engine or its worker."
              },
              "working_directory": {
                "type": "string",
                "minLength": 1,
                "description": "Folder of the executor's processes."
              },
              "parallel": {
                "type": "boolean",
                "description": "False: no other stage of the run runs beside this one."
              },
              "ui": {"description": "Free-form data for editors."},
              "agent": {"type": "string", "description": "With prompt: short for uses: llm.chat."},
              "prompt": {"type": "string", "description": "With agent: short for uses: llm.chat."}
            },
            "anyOf": [{"required": ["uses"]}, {"required": ["agent", "prompt"]}]
          },
          "trigger": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "file": {"type": "string", "minLength": 1},
              "workflow": {"type": "string", "minLength": 1},
              "event": {"type": "string", "minLength": 1},
              "status": {
                "anyOf": [
                  {"enum": ["completed", "failed", "cancelled", "timed_out"]},
                  {"type": "array", "items": {"enum": ["completed", "failed", "cancelled", "timed_out"]}}
                ]
              },
              "settle": {"$ref": "#/$defs/duration"},
              "existing": {"type": "boolean"},
              "parameters": {"type": "object"},
              "name": {"type": "string", "minLength": 1},
              "description": {"type": "string"}
            },
            "oneOf": [{"required": ["file"]}, {"required": ["workflow"]}, {"required": ["event"]}]
          },
          "step": {
            "type": "object",
            "required": ["key", "agent", "prompt"],
            "additionalProperties": false,
            "properties": {
              "key": {"type": "string"},
              "agent": {"type": "string"},
              "prompt": {"type": "string"},
              "dependencies": {
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]
              },
              "parallel": {"type": "boolean"},
              "name": {"type": "string", "description": "Name for people."},
              "description": {"type": "string", "description": "What the stage is for."},
              "with": {
                "type": "object",
                "description": "The executor's input; strings may hold expressions."
              },
              "if": {
                "type": ["string", "boolean"],
                "minLength": 1,
                "description": "Condition; without a status function it means success() && (…)."
              },
              "env": {"$ref": "#/$defs/env"},
              "inputs": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
                "additionalProperties": {
                  "if": {"type": "object"},
                  "then": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "type": {
                        "enum": ["string", "integer", "number", "boolean", "array", "object"]
                      },
                      "required": {"type": "boolean"},
                      "value": {}
                    }
                  }
                },
                "description": "Typed contract of what the stage reads."
              },
              "outputs": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
                "additionalProperties": {
                  "if": {"type": "object"},
                  "then": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "type": {
                        "enum": ["string", "integer", "number", "boolean", "array", "object"]
                      },
                      "value": {},
                      "description": {"type": "string"}
                    }
                  }
                },
                "description": "Typed contract of what others read of the stage."
              },
              "timeout": {
                "$ref": "#/$defs/duration",
                "description": "Bound on one attempt; 2h when not written."
              },
              "deadline": {
                "$ref": "#/$defs/duration",
                "description": "Bound on all attempts and waits together."
              },
              "retry": {"$ref": "#/$defs/retry"},
              "on_failure": {"$ref": "#/$defs/on_failure"},
              "fallback": {
                "$ref": "#/$defs/body",
                "description": "A stage body tried when the attempts are exhausted."
              },
              "compensate": {
                "$ref": "#/$defs/body",
                "description": "An undo, run in reverse order when the run fails or is cancelled."
              },
              "for_each": {
                "anyOf": [{"type": "array"}, {"$ref": "#/$defs/expression"}],
                "description": "A list to run the stage over."
              },
              "matrix": {
                "type": "object",
                "minProperties": 1,
                "properties": {
                  "include": {"type": "array", "items": {"type": "object"}},
                  "exclude": {"type": "array", "items": {"type": "object"}}
                },
                "additionalProperties": {"anyOf": [{"type": "array"}, {"$ref": "#/$defs/expression"}]},
                "description": "A cross product to run the stage over; the last key runs fastest."
              },
              "max_parallel": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000000,
                "description": "Items at once, with for_each or matrix."
              },
              "fail_fast": {
                "type": "boolean",
                "description": "Whether the first failed item stops new ones."
              },
              "cache": {
                "type": "object",
                "description": "Reuse of earlier results.",
                "required": ["key"],
                "additionalProperties": false,
                "properties": {
                  "key": {"type": "string", "minLength": 1},
                  "ttl": {"$ref": "#/$defs/duration"}
                }
              },
              "isolation": {
                "enum": ["inherit", "in_process", "process"],
                "description": "Where the executor runs."
              },
              "priority": {
                "type": "integer",
                "minimum": -1000000,
                "maximum": 1000000,
                "description": "Order among stages that wait for a slot; higher goes first."
              },
              "budget": {"$ref": "#/$defs/budget"},
              "context": {"$ref": "#/$defs/context"},
              "handoff": {
                "type": "object",
                "description": "A condensed form of the outputs for later stages.",
                "required": ["summary"],
                "additionalProperties": false,
                "properties": {
                  "summary": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "agent": {"type": "string"},
                      "model": {"type": "string"},
                      "prompt": {"type": "string"},
                      "max_tokens": {"type": "integer", "minimum": 1}
                    }
                  }
                }
              },
              "on_lost": {
                "enum": ["retry", "fail", "gate"],
                "description": "What happens when an attempt is lost with the engine or its worker."
              },
              "working_directory": {
                "type": "string",
                "minLength": 1,
                "description": "Folder of the executor's processes."
              },
              "ui": {"description": "Free-form data for editors."}
            }
          }
        }
        """#
}
