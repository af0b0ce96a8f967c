"""Runs on the executors: one long-lived `persona-prior classify --tallies` process for each Python worker, whose lines become
rows. It knows nothing of plans, and needs nothing but the standard library. The shapes are those of docs/scale.md."""

import atexit
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

SCHEMA_VERSION = 1
NODE_NEEDED = (20, 19)

# columns of the output in their order; every row has all of them, most are null
COLUMNS = (
    ("schema", "int"),
    ("partition", "string"),
    ("row", "string"),
    ("item", "int"),
    ("source", "string"),
    ("file", "string"),
    ("record", "long"),
    ("document", "string"),
    ("title", "string"),
    ("start", "long"),
    ("end", "long"),
    ("words", "long"),
    ("passage", "long"),
    ("passages", "long"),
    ("text", "string"),
    ("text_hash", "string"),
    ("names", "strings"),
    ("tropes", "strings"),
    ("linear", "double"),
    ("persona", "double"),
    ("malevolent", "double"),
    ("scores", "binary"),
    ("embedding", "binary"),
    ("stratum", "string"),
    ("key", "long"),
    ("unit_words", "long"),
    ("unit_passages", "long"),
    ("stage", "string"),
    ("kind", "string"),
    ("reason", "string"),
    ("n", "long"),
    ("byte_offset", "long"),
    ("message", "string"),
    ("detail", "string"),
)

# names in the lines that are others in the rows
RENAMED = {"textHash": "text_hash", "unitWords": "unit_words", "unitPassages": "unit_passages", "offset": "byte_offset"}
NUMBER = {name: i for i, (name, _) in enumerate(COLUMNS)}
BINARY = {name for name, kind in COLUMNS if kind == "binary"}
DOUBLE = {name for name, kind in COLUMNS if kind == "double"}


class WorkerError(RuntimeError):
    """Says on which host what is missing or went wrong, in one line."""

    def __init__(self, message):
        super().__init__(f"persona-prior on {socket.gethostname()}: {message}")


def find_package(name):
    """The folder of the package: as given, as an unpacked archive of this job, or where PERSONA_PRIOR_HOME says."""
    places = [name]
    try:
        from pyspark import SparkFiles

        places.append(os.path.join(SparkFiles.getRootDirectory(), name))
    except Exception:  # no Spark around: a driver before its session, a test
        pass
    if os.environ.get("PERSONA_PRIOR_HOME"):
        places.append(os.environ["PERSONA_PRIOR_HOME"])
    for place in places:
        if os.path.isfile(os.path.join(place, "dist", "cli.js")):
            return os.path.abspath(place)
    looked = ", ".join(os.path.abspath(place) for place in places)
    raise WorkerError(
        f"the package is not there (looked for dist/cli.js in {looked}); ship it with --archives "
        "persona-prior.tar.gz#persona-prior, made by spark/pack.sh, or give --package the path that it has on every node"
    )


def find_node(package, given=None):
    """The program that runs it: as given, shipped inside the package, or the one on the PATH."""
    shipped = os.path.join(package, "node", "bin", "node")
    node = given or (shipped if os.path.isfile(shipped) else shutil.which("node"))
    help_text = "install it on every node, give --node its path there, or ship it (spark/pack.sh --with-node)"
    if not node:
        raise WorkerError(f"Node is not there: no `node` on the PATH ({os.environ.get('PATH', '')}); {help_text}")
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise WorkerError(f"Node cannot be run: {node}: {error}; {help_text}") from None
    found = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if found < NODE_NEEDED:
        raise WorkerError(f"Node {'.'.join(map(str, NODE_NEEDED))} or newer is needed, {node} is {version.strip()}")
    return node


class Worker:
    """A running `classify --tallies`. `hello` is what it said of its models and settings."""

    def __init__(self, job):
        package = find_package(job["package"])
        models = job.get("models") or os.path.join(package, "models")
        if not os.path.isdir(models):
            raise WorkerError(f"the models are not there: {models}; pack them with spark/pack.sh, or give --models")
        command = [find_node(package, job.get("node")), os.path.join(package, "dist", "cli.js"), "classify", "--tallies"]
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command + job.get("flags", []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            env={**os.environ, "PERSONA_PRIOR_MODELS": models},
        )
        self.hello = self.line()["hello"]
        if self.hello["schema"] != SCHEMA_VERSION:
            raise WorkerError(f"the package writes schema {self.hello['schema']}, this job reads {SCHEMA_VERSION}")

    def line(self):
        text = self.process.stdout.readline()
        if not text.endswith(b"\n"):
            raise WorkerError(f"the process ended: {self.last_words()}")
        return json.loads(text)

    def ask(self, request):
        """The lines that answer a request, the last one included."""
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise WorkerError(f"the process ended: {self.last_words()}") from None
        while True:
            line = self.line()
            if "failed" in line:
                failed = line["failed"]
                help_text = f" ({failed['help']})" if "help" in failed else ""
                raise WorkerError(f"{failed['message']}{help_text}")
            yield line
            if "end" in line:
                return

    def last_words(self):
        try:
            code = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            code = "none"
        self.stderr.seek(max(0, os.fstat(self.stderr.fileno()).st_size - 2000))
        said = self.stderr.read().decode("utf8", "replace").strip().replace("\n", " | ")
        return f"exit code {code}: {said}" if said else f"exit code {code}"

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


_worker = None
_worker_job = None


def _close():
    global _worker
    if _worker is not None:
        try:
            _worker.close()
        except OSError:
            pass
        _worker = None


atexit.register(_close)


def shared_worker(job):
    """The process of this Python worker, which Spark reuses for task after task: models are loaded once."""
    global _worker, _worker_job
    wanted = {name: job.get(name) for name in ("package", "models", "node", "flags")}
    if _worker is not None and (_worker_job != wanted or _worker.process.poll() is not None):
        _close()
    if _worker is None:
        _worker = Worker(job)
        _worker_job = wanted
        for part in ("hashes", "settings"):
            if _worker.hello[part] != job["hello"][part]:
                _close()
                raise WorkerError(f"other {part} than on the driver: every node must have the same package and models")
    return _worker


def fetched(file, folder):
    """A file that only Hadoop can reach, copied beside: `hadoop fs` where there is one, else Spark's own copy of it."""
    path = os.path.join(folder, re.sub(r"[^\w.-]", "_", file["name"].rsplit("/", 1)[-1]) or "file")
    hadoop = shutil.which("hadoop")
    if hadoop:
        command = [hadoop, "fs"]
    else:
        home = os.environ.get("SPARK_HOME")
        if not home:
            import pyspark

            home = os.path.dirname(pyspark.__file__)
        command = [os.path.join(home, "bin", "spark-class"), "org.apache.hadoop.fs.FsShell"]
    done = subprocess.run(command + ["-get", file["name"], path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().replace("\n", " | ")[-1000:]
        raise WorkerError(f"{file['name']} cannot be fetched: {said}")
    return {**file, "path": path}


def _row(values):
    row = [None] * len(COLUMNS)
    row[0] = SCHEMA_VERSION
    for name, value in values.items():
        name = RENAMED.get(name, name)
        if value is not None:
            if name in BINARY:
                value = base64.b64decode(value)
            elif name in DOUBLE:
                value = float(value)
        row[NUMBER[name]] = value
    return tuple(row)


def rows_of(partition, job, counters, attempt=0):
    """All rows of a partition, as its process finds them. The last one is the partition's own: a file without it is none.
    `counters` are Spark accumulators by name, or anything else that has `add`."""
    started = time.time()
    worker = shared_worker(job)
    done = False
    key = partition["key"]
    ends = []
    try:
        for number, item in enumerate(partition["items"]):
            common = {"partition": key, "item": number, "source": item["source"], "file": item["file"]["name"]}
            with tempfile.TemporaryDirectory(prefix="persona-prior-") as folder:
                request = {**item, "choice": job["choice"]}
                if request.pop("fetch", False):
                    request["file"] = fetched(item["file"], folder)
                for line in worker.ask({"scan": request}):
                    (name, value), *_ = line.items()
                    if name in ("hit", "tally", "fault", "sample"):
                        yield _row({**common, "row": name, **value})
                        count(counters, name, value)
                    elif name == "end":
                        # the plan's own names and places: a copy's path means nothing later
                        value["file"] = {**item["file"], "headHash": value["file"]["headHash"]}
                        ends.append(value)
                        yield _row({**common, "row": "file", "detail": json.dumps(value)})
                        if value["status"] != "done":
                            counters["incomplete"].add(1)
        detail = {
            "inputs": [end["file"] for end in ends],
            "items": partition["items"],
            "versions": worker.hello["versions"],
            "hashes": worker.hello["hashes"],
            "settings": worker.hello["settings"],
            "host": socket.gethostname(),
            "seconds": round(time.time() - started, 3),
            "attempt": attempt,
        }
        counters["partitions"].add(1)
        done = True
        yield _row({"partition": key, "row": "partition", "detail": json.dumps(detail)})
    finally:
        # in the middle of an answer it is of no use to the next task
        if not done:
            _close()


# what is counted of the tallies, for any reason: stage, kind
COUNTED = {
    "documents": ("read", "out"),
    "skipped": ("read", "dropped"),
    "repaired": ("read", "repaired"),
    "passages": ("transformer", "in"),
}
COUNTERS = ("partitions", "documents", "skipped", "repaired", "passages", "hits", "failed", "faults", "incomplete")


def count(counters, name, value):
    if name == "hit":
        counters["hits"].add(1)
    elif name == "fault":
        counters["faults"].add(1)
    elif name == "tally":
        if value["kind"] == "failed":
            counters["failed"].add(value["n"])
        for counter, (stage, kind) in COUNTED.items():
            if value["stage"] == stage and value["kind"] == kind:
                counters[counter].add(value["n"])
