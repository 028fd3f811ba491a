// The messages that a gate has sent, which it writes as files: the text comes first, then the HTML.

import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";

export class Outbox {
  #folder;
  #taken = new Set();

  constructor(folder) {
    this.#folder = folder;
  }

  /** The next mail to this address that nobody has taken yet, and whose subject or text says `about`. */
  mail(to, about = /./) {
    return this.#next("mail", to, about, (text) => text.includes("--- html ---") && /<\/html>\s*$/.test(text));
  }

  /** The next text message to this number that nobody has taken yet. */
  sms(to) {
    return this.#next("sms", to, /./, (text) => /\n\n./.test(text));
  }

  /** How many messages to this address or number nobody has taken yet. */
  waiting(to) {
    return this.#open().filter((name) => this.#read(name).startsWith(`To: ${to}\n`)).length;
  }

  #open() {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).sort().filter((name) => !this.#taken.has(name));
  }

  #read(name) {
    return readFileSync(join(this.#folder, name), "utf8");
  }

  // A file that is still being written is looked at again when the folder changes the next time.
  #find(kind, to, about, whole) {
    for (const name of this.#open()) {
      if (!name.endsWith(`.${kind}.txt`)) continue;
      const text = this.#read(name);
      if (!text.startsWith(`To: ${to}\n`) || !whole(text)) continue;
      const [plain] = text.split("\n--- html ---\n");
      if (!about.test(plain)) continue;
      this.#taken.add(name);
      return new Message(plain);
    }
  }

  #next(kind, to, about, whole) {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return new Promise((done) => {
      const watcher = watch(this.#folder, () => look());
      const look = () => {
        const found = this.#find(kind, to, about, whole);
        if (found) {
          watcher.close();
          done(found);
        }
      };
      look();
    });
  }
}

/** One message, as text. */
class Message {
  constructor(text) {
    this.text = text;
    this.subject = /^Subject: (.*)$/m.exec(text)?.[1];
  }

  /** The first link in it. */
  get link() {
    return found(this.text, /https?:\/\/\S+/)[0];
  }

  /** The first code of six digits in it. */
  get code() {
    return found(this.text, /\b\d{3}[ -]?\d{3}\b/)[0].replace(/\D/, "");
  }
}

function found(text, pattern) {
  const match = pattern.exec(text);
  if (!match) throw new Error(`there is no ${pattern} in:\n${text}`);
  return match;
}
