// A gate of its own: the built program with a data directory, ports and a configuration that nobody
// else uses. Messages are files in the data directory (see outbox.mjs).

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Outbox } from "./outbox.mjs";

const built = fileURLToPath(new URL("../../../target/debug/portcullis", import.meta.url));

function program() {
  const path = process.env.PORTCULLIS_BIN ?? built;
  if (!existsSync(path)) {
    throw new Error(`there is no program at ${path}: run "cargo build --package portcullis", or set PORTCULLIS_BIN`);
  }
  return path;
}

/** Two ports that nobody listens on right now. */
async function freePorts() {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((s) => new Promise((done) => s.listen(0, "127.0.0.1", done))));
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

// All people of a test come from one address, so limits by address would only count the tests. Hashing
// is as cheap as the floors allow. `localhost`, because passkeys and secure cookies work there without TLS.
const config = (port, opsPort, folder, extra) => `
[server]
listen = "127.0.0.1:${port}"
ops_listen = "127.0.0.1:${opsPort}"
public_url = "http://localhost:${port}"
workers = 1
[storage]
data_dir = ${JSON.stringify(folder)}
[passwords]
argon2 = { memory = "19MiB", iterations = 2, parallelism = 1 }
[identity.limits]
login = "100000/hour"
signup = "100000/hour"
recovery = "100000/hour"
ip = ["1000000/hour"]
user = ["1000000/hour"]
[log]
access = false
level = "warn"
${extra}`;

/** Who may do everything. */
export const ADMIN = { email: "admin@example.com", password: "Raise-the-4-gates!" };

export class Gate {
  /** Starts one that has an administrator, and waits until it serves; `extra` is more configuration. */
  static async start(extra = "") {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-e2e-"));
    const [port, opsPort] = await freePorts();
    const file = join(folder, "portcullis.toml");
    writeFileSync(file, config(port, opsPort, join(folder, "data"), extra));
    const gate = new Gate(folder, file, `http://localhost:${port}`);
    try {
      await gate.command(["admin", "create", "--email", ADMIN.email, "--password-stdin"], ADMIN.password);
      await gate.#serve();
    } catch (error) {
      await gate.stop();
      throw error;
    }
    return gate;
  }

  #serving;
  #ended;
  #said = "";

  constructor(folder, file, url) {
    this.folder = folder;
    this.file = file;
    /** Where it is reached. */
    this.url = url;
    /** What it has sent. */
    this.outbox = new Outbox(join(folder, "data", "outbox"));
  }

  #run(args) {
    return spawn(program(), [...args, "--config", this.file], { stdio: "pipe" });
  }

  // The greeting on standard output comes when the ports are open.
  #serve() {
    const child = this.#run(["serve"]);
    this.#serving = child;
    this.#ended = new Promise((done) => child.once("close", done));
    // Also when this process fails in a way that no hook sees.
    process.once("exit", () => child.kill("SIGKILL"));
    return new Promise((ready, failed) => {
      const hear = (bytes) => {
        this.#said += bytes;
        if (/^Portcullis \S+ on /m.test(this.#said)) ready();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("error", failed);
      child.on("exit", (code) => failed(new Error(`the program ended with ${code}:\n${this.#said}`)));
    });
  }

  /** What it has written to its outputs so far. */
  get log() {
    return this.#said;
  }

  /** Runs a command of the program on the same data, which must not be served meanwhile. */
  command(args, input = "") {
    const child = this.#run(args);
    let said = "";
    child.stdout.on("data", (bytes) => (said += bytes));
    child.stderr.on("data", (bytes) => (said += bytes));
    child.stdin.end(input);
    return new Promise((done, failed) => {
      child.on("error", failed);
      child.on("close", (code) =>
        code === 0 ? done(said) : failed(new Error(`portcullis ${args.join(" ")} ended with ${code}:\n${said}`)),
      );
    });
  }

  /** Makes a call of the API; returns status and body. */
  async call(method, path, body, headers = {}) {
    const init = { method, headers: { ...headers } };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers["content-type"] = "application/json";
    }
    const answer = await fetch(this.url + path, init);
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  }

  /** Ends it and removes its data. */
  async stop() {
    if (this.#serving) {
      this.#serving.kill("SIGKILL");
      await this.#ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
