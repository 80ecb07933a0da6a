"""Starts the test servers on ephemeral ports of 127.0.0.1, runs a command with their addresses, and ends them.

    run.py COMMAND [ARGUMENT…]

Every server is a child that takes a listening socket, so that its port is known and can be connected to before the
server itself is up: nothing waits for the slow ones but the tests that use them.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def listener():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    server.listen(8192)
    server.set_inheritable(True)
    return server


def start(folder, name, command, sockets, environment=None):
    log = open(os.path.join(folder, name + ".log"), "wb")
    # In a group of its own, so that ending it ends its workers too.
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        pass_fds=[one.fileno() for one in sockets], env={**os.environ, **(environment or {})})


def main():
    command = sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    import certificates

    folder = tempfile.mkdtemp(prefix="batten-servers-")
    certificates.write(folder)
    http, mail, mails, odd, elsewhere, secure, openai = (listener() for _ in range(7))

    def address(scheme, one, path=""):
        return f"{scheme}://127.0.0.1:{one.getsockname()[1]}{path}"

    environment = {
        "BATTEN_TEST_HTTP": address("http", http),
        "BATTEN_TEST_SMTP": address("smtp", mail),
        "BATTEN_TEST_SMTPS": address("smtps", mails),
        "BATTEN_TEST_MAIL": os.path.join(folder, "mail"),
        "BATTEN_TEST_ODD": address("http", odd),
        "BATTEN_TEST_ELSEWHERE": address("http", elsewhere),
        "BATTEN_TEST_HTTPS": address("https", secure).replace("127.0.0.1", "localhost"),
        "BATTEN_TEST_CERTIFICATES": folder,
        "BATTEN_TEST_OPENAI": address("http", openai, "/v1"),
        "BATTEN_TEST_OPENAI_KEY": "sk-test-0123456789",
    }
    python = sys.executable
    children = [
        start(folder, "httpbin", [
            python, "-m", "gunicorn", "--bind", f"fd://{http.fileno()}", "--workers", "2", "--threads", "8",
            "--worker-class", "gthread", "httpbin:app"], [http]),
        start(folder, "mail", [
            python, os.path.join(HERE, "mail.py"), str(mail.fileno()), str(mails.fileno()), folder], [mail, mails]),
        start(folder, "odd", [
            python, os.path.join(HERE, "odd.py"), str(odd.fileno()), str(elsewhere.fileno()), str(secure.fileno()),
            folder], [odd, elsewhere, secure]),
        start(folder, "openai", [
            python, os.path.join(HERE, "openai_proxy.py"), str(openai.fileno()), folder], [openai],
            {"BATTEN_TEST_OPENAI_KEY": environment["BATTEN_TEST_OPENAI_KEY"]}),
    ]
    for one in (http, mail, mails, odd, elsewhere, secure, openai):
        one.close()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    status = 1
    try:
        status = subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    except FileNotFoundError:
        print(f"servers: no command '{command[0]}'", file=sys.stderr)
        status = 127
    except KeyboardInterrupt:
        status = 130
    finally:
        for child in children:
            if child.poll() is not None and child.returncode != 0:
                print(f"servers: {child.args[1:3]} ended by itself with {child.returncode}:", file=sys.stderr)
                for name in os.listdir(folder):
                    if name.endswith(".log"):
                        with open(os.path.join(folder, name), errors="replace") as log:
                            print(f"--- {name}\n" + "".join(log.readlines()[-15:]), file=sys.stderr)
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
