"""`persona-prior scan` on Apache Spark: plans inputs into partitions, lets `persona-prior classify --tallies` scan each, and
writes what a scan stores as Parquet. `persona-prior import-spark OUTPUT` then makes the database. See docs/scale.md.

    spark-submit --archives persona-prior.tar.gz#persona-prior spark/scan.py --input DUMP... --output DIR [options]
"""

import argparse
import hashlib
import json
import re
import shlex
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import persona_prior_worker as worker  # noqa: E402

MIB = 1 << 20
# rules of the default size of a partition: enough of them to balance, none so small that starting it is what it costs
PARTITIONS_PER_CORE = 4
LEAST, MOST = 1 * MIB, 256 * MIB
# files that one partition takes, and parts that one file is cut into: every part decompresses the whole file
MOST_FILES, MOST_PARTS = 1000, 16


def arguments():
    parser = argparse.ArgumentParser(prog="scan.py", description="persona-prior scan on Apache Spark")
    parser.add_argument("--input", nargs="+", required=True, help="files, folders, globs, URLs")
    parser.add_argument("--output", required=True, help="a folder or URL that all nodes can write to")
    parser.add_argument("--source", help="one source name for all inputs (default: the name of each input)")
    parser.add_argument("--preset", help="field names of a known dump")
    parser.add_argument("--text-field", help="the field that holds the text")
    parser.add_argument("--id-field", help="the field that holds the id")
    parser.add_argument("--trust-compression", action="store_true", help="as in scan")
    parser.add_argument("--exact-counts", action="store_true", help="as in scan")
    parser.add_argument("--seed", type=int, default=1, help="seed of the audit samples")
    parser.add_argument("--patience", type=int, default=60, help="as in scan")
    parser.add_argument("--partition-bytes", type=int, help="bytes on disk of one partition (default: by the cores)")
    parser.add_argument("--package", default="persona-prior", help="name of the archive, or path on every node")
    parser.add_argument("--models", help="path of the models on every node (default: those of the package)")
    parser.add_argument("--node", help="path of Node on every node (default: in the package, then on the PATH)")
    return parser.parse_args()


class Usage(Exception):
    """What the user can mend."""


def main():
    args = arguments()
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("persona-prior scan").getOrCreate()
    context = spark.sparkContext
    try:
        context.addPyFile(str(Path(worker.__file__).resolve()))
        return scan(spark, args)
    except (Usage, worker.WorkerError) as error:
        print(f"scan.py: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        # of the many lines of a failed job the one that says why
        said = re.search(r"WorkerError: (persona-prior on .*)", str(error))
        if said is None:
            raise
        print(f"scan.py: {said.group(1)}", file=sys.stderr)
        print("scan.py: what is done stays: mend this, and run the same command again", file=sys.stderr)
        return 2
    finally:
        spark.stop()


def scan(spark, args):
    context = spark.sparkContext
    store = Store(context, args.output)
    choice = {
        name: value
        for name, value in {
            "preset": args.preset,
            "textField": args.text_field,
            "idField": args.id_field,
            "trustCompression": args.trust_compression or None,
        }.items()
        if value is not None
    }
    flags = ["--seed", str(args.seed), "--patience", str(args.patience)]
    job = {
        "package": args.package,
        "models": args.models,
        "node": args.node,
        "choice": choice,
        "flags": flags + (["--exact-counts"] if args.exact_counts else []),
    }
    plan = planned(context, store, args, job)
    job["hello"] = plan["hello"]
    done = done_partitions(spark, store)
    todo = [partition for partition in plan["partitions"] if partition["key"] not in done]
    say(f"{len(plan['files'])} files, {len(plan['partitions'])} partitions, {len(plan['partitions']) - len(todo)} already done")
    if not todo:
        return 0
    counters = {name: context.accumulator(0) for name in worker.COUNTERS}
    requests = [{"key": p["key"], "items": [request(plan, item) for item in p["items"]]} for p in todo]
    started = time.time()
    with watched(counters, len(todo)):
        write(spark, context, requests, job, counters, store)
    n = {name: counter.value for name, counter in counters.items()}
    say(", ".join(f"{n[name]:,} {name}" for name in worker.COUNTERS) + f" in {time.time() - started:.0f} s")
    return 3 if n["skipped"] + n["repaired"] + n["failed"] + n["incomplete"] > 0 else 0


def write(spark, context, requests, job, counters, store):
    """One task a partition, one file a task. By the second algorithm of Hadoop's committer a task's file is renamed into the
    output when the task commits: it is there whole or not at all, also when the job or its driver dies later. Spark lets
    one attempt of a task commit; where an executor is lost between its commit and its word of it, a second file of that
    partition can appear, and readers take one of them (the `partition` column says which it is)."""
    from pyspark.sql import functions as f
    from pyspark.sql import types as t

    kinds = {
        "int": t.IntegerType(),
        "long": t.LongType(),
        "string": t.StringType(),
        "double": t.DoubleType(),
        "binary": t.BinaryType(),
        "strings": t.ArrayType(t.StringType()),
    }
    schema = t.StructType([t.StructField(name, kinds[kind]) for name, kind in worker.COLUMNS])

    def run(partitions):
        from pyspark import TaskContext

        import persona_prior_worker

        attempt = TaskContext.get().attemptNumber()
        for partition in partitions:
            yield from persona_prior_worker.rows_of(partition, job, counters, attempt)

    rows = context.parallelize(requests, len(requests)).mapPartitions(run)
    frame = spark.createDataFrame(rows, schema, verifySchema=False)
    # Spark's web page shows these, as it does not show the accumulators of Python
    documents = f.sum(f.when((f.col("stage") == "read") & (f.col("kind") == "out"), f.col("n")))
    hits = f.count(f.when(f.col("row") == "hit", 1))
    frame = frame.observe("persona-prior", documents.alias("documents"), hits.alias("hits"))
    writer = frame.write.mode("append")
    options = {
        "mapreduce.fileoutputcommitter.algorithm.version": "2",
        "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "parquet.block.size": str(16 * MIB),
        "compression": "snappy",
        "maxRecordsPerFile": "0",
    }
    writer.options(**options).parquet(store.path)


def planned(context, store, args, job):
    """The plan of this output: the one that is there, or a new one. Throws where that one was of other inputs or settings."""
    stored = store.read("_persona-prior/plan.json")
    if stored is not None:
        stored = json.loads(stored)
        if stored["schema"] != worker.SCHEMA_VERSION:
            raise Usage(f"--output holds schema {stored['schema']}, this is {worker.SCHEMA_VERSION}: give a new --output")
    # Parquet files from this size on come with their row groups: the same ones as at the first run
    split = stored["split"] if stored is not None else args.partition_bytes or LEAST
    driver = worker.Worker(job)
    try:
        files = list(plan_files(context, driver, args, job["choice"], split))
    finally:
        driver.close()
    if len({file["file"]["path"] for file in files}) < len(files):
        raise Usage("the same file was given twice")
    hello = driver.hello
    total = sum(file["file"]["size"] or 0 for file in files)
    if stored is None:
        size = args.partition_bytes
        if size is None:
            size = min(MOST, max(LEAST, total // (PARTITIONS_PER_CORE * max(1, context.defaultParallelism))))
    else:
        size = stored["partitionBytes"]
        if args.partition_bytes not in (None, size):
            raise Usage(f"--output was planned with --partition-bytes {size}: give the same, or a new --output")
    partitions = []
    for items in packed(files, size):
        said = [hello["hashes"], hello["settings"], job["choice"], [request({"files": files}, item) for item in items]]
        key = hashlib.sha256(json.dumps([worker.SCHEMA_VERSION, said], sort_keys=True).encode()).hexdigest()[:32]
        partitions.append({"key": key, "items": items})
    plan = {
        "schema": worker.SCHEMA_VERSION,
        "command": "spark-submit " + shlex.join(sys.argv),
        "hello": hello,
        "choice": job["choice"],
        "partitionBytes": size,
        "split": split,
        "files": files,
        "partitions": partitions,
    }
    if stored is None:
        store.write("_persona-prior/plan.json", json.dumps(plan))
        return plan
    before = differing(stored, plan)
    if before:
        raise Usage(f"--output was begun with other {before}: restore them, or give a new --output")
    return stored


def differing(stored, plan):
    """In words what a rerun has other than the run before; '' for nothing."""
    for part, words in (("hashes", "models or lexicon"), ("settings", "settings (seed, thresholds or --exact-counts)")):
        if stored["hello"][part] != plan["hello"][part]:
            return words
    if stored["choice"] != plan["choice"]:
        return "fields (--text-field, --id-field, --preset)"
    if stored["files"] != plan["files"]:
        before = {file["file"]["name"]: file for file in stored["files"]}
        names = [file["file"]["name"] for file in plan["files"] if before.get(file["file"]["name"]) != file]
        return f"inputs: {', '.join(names[:3] or ['fewer files'])}"
    return "" if stored["partitions"] == plan["partitions"] else "partitions"


def plan_files(context, driver, args, choice, split):
    """Files as `scan` lists them; those that only Hadoop can reach as Hadoop lists them, to be fetched by the workers."""
    for name in args.input:
        if re.match(r"(hdfs|viewfs|abfss?|wasbs?|gs|oss|cosn|o3fs|ofs|file):", name):
            if args.source is None:
                raise Usage(f"{name}: files that Hadoop lists need a --source")
            yield from hadoop_files(context, name, args.source)
            continue
        plan = {"inputs": [re.sub(r"^s3[an]:", "s3:", name)], "choice": choice, "split": split}
        if args.source is not None:
            plan["source"] = args.source
        for line in driver.ask({"plan": plan}):
            if "planned" in line:
                yield line["planned"]


def hadoop_files(context, pattern, source):
    jvm = context._jvm
    path = jvm.org.apache.hadoop.fs.Path(pattern)
    system = path.getFileSystem(context._jsc.hadoopConfiguration())
    found = system.globStatus(path)
    if not found:
        raise Usage(f"{pattern}: no such file")
    open_folders = list(found)
    files = []
    while open_folders:
        status = open_folders.pop()
        name = status.getPath().getName()
        if name.startswith((".", "_")) and status not in found:
            continue
        if status.isDirectory():
            open_folders.extend(system.listStatus(status.getPath()))
        else:
            files.append((status.getPath().toString(), status.getLen(), status.getModificationTime()))
    for url, size, modified in sorted(files, key=lambda file: file[0].encode()):
        file = {"path": url, "name": url, "size": size, "mtimeMs": modified, "headHash": None}
        yield {"file": file, "source": source, "member": True, "fetch": True}


def packed(files, size):
    """Lists of items, in the order of the files: big ones in pieces, small ones together. The same for the same files."""
    together, held = [], 0
    for number, planned in enumerate(files):
        bytes_on_disk = planned["file"]["size"] or 0
        pieces = list(cut(planned, number, bytes_on_disk, size))
        if together and (len(pieces) > 1 or held + bytes_on_disk > size or len(together) >= MOST_FILES):
            yield together
            together, held = [], 0
        if len(pieces) > 1:
            for piece in pieces:
                yield [piece]
        else:
            together.extend(pieces)
            held += bytes_on_disk
    if together:
        yield together


def cut(planned, number, bytes_on_disk, size):
    if planned.get("fetch") or bytes_on_disk <= size:
        yield {"file": number}
    elif "groups" in planned:
        rows = sum(planned["groups"])
        begin = at = 0
        for group in planned["groups"]:
            at += group
            if at < rows and (at - begin) * bytes_on_disk >= size * rows:
                yield {"file": number, "from": begin, "until": at, "fields": planned["fields"]}
                begin = at
        # to the end, whatever stands there: a file of one group is scanned whole
        yield {"file": number, "from": begin, "fields": planned["fields"]} if begin > 0 else {"file": number}
    else:
        parts = min(MOST_PARTS, -(-bytes_on_disk // size))
        for index in range(1, parts + 1):
            yield {"file": number, "part": {"index": index, "of": parts}}


def request(plan, item):
    """What a worker is asked for."""
    planned = plan["files"][item["file"]]
    fetch = {"fetch": True} if planned.get("fetch") else {}
    return {**item, "file": planned["file"], "source": planned["source"], "member": planned["member"], **fetch}


def done_partitions(spark, store):
    if not store.has_parquet():
        return set()
    # one row a partition: no `distinct()`, whose shuffle takes longer than a small rest of a scan
    rows = spark.read.parquet(store.path).where("row = 'partition'").select("partition", "schema").collect()
    return {row["partition"] for row in rows if row["schema"] == worker.SCHEMA_VERSION}


class Store:
    """The output folder, by Hadoop's file systems: whatever Spark can write to."""

    def __init__(self, context, path):
        self.path = path
        self.jvm = context._jvm
        self.root = self.jvm.org.apache.hadoop.fs.Path(path)
        self.system = self.root.getFileSystem(context._jsc.hadoopConfiguration())

    def at(self, name):
        return self.jvm.org.apache.hadoop.fs.Path(self.root, name)

    def read(self, name):
        if not self.system.exists(self.at(name)):
            return None
        stream = self.system.open(self.at(name))
        try:
            return self.jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
        finally:
            stream.close()

    def write(self, name, text):
        part = self.at(name + ".part")
        stream = self.system.create(part, True)
        try:
            stream.write(bytearray(text, "utf8"))
        finally:
            stream.close()
        if not self.system.rename(part, self.at(name)):
            raise Usage(f"{name} cannot be written to --output: another scan may have begun there")

    def has_parquet(self):
        if not self.system.exists(self.root):
            return False
        return any(status.getPath().getName().endswith(".parquet") for status in self.system.listStatus(self.root))


class watched:
    """Says on the terminal how far the job is, while it runs."""

    def __init__(self, counters, partitions):
        self.counters, self.partitions = counters, partitions
        self.over = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.tell, daemon=True)
        self.thread.start()

    def tell(self):
        before = 0
        while not self.over.wait(10):
            n = {name: counter.value for name, counter in self.counters.items()}
            if n["partitions"] != before:
                before = n["partitions"]
                say(f"{before} of {self.partitions} partitions: {n['documents']:,} documents, {n['hits']:,} hits")

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def say(text):
    print(f"scan.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
