// What a door's screen could not send yet: kept in the browser, in order, until it was answered.
//
// Each scan has a number and a nonce of its own. The server answers the same number with the same
// result again, so sending twice is the same as once; nothing leaves the queue before its answer.

const BATCH = 50;

export class ScanQueue {
  #name;
  #url;
  #sending = null;

  constructor(kiosk, url) {
    this.#name = `labops-queue-${kiosk}`;
    this.#url = url;
  }

  get waiting() {
    return this.#read().scans.length;
  }

  #read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#name));
      if (kept && Array.isArray(kept.scans)) return kept;
    } catch {
      // Unreadable: begin anew. The nonces keep new numbers from meeting old ones.
    }
    return { counter: 0, scans: [] };
  }

  #write(kept) {
    localStorage.setItem(this.#name, JSON.stringify(kept));
  }

  /** Keep a scan and return its number; it is written before anything is sent. */
  add(scan) {
    const kept = this.#read();
    kept.counter += 1;
    const nonce = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    kept.scans.push({ counter: kept.counter, nonce, taken: new Date().toISOString(), tries: 0, ...scan });
    this.#write(kept);
    return kept.counter;
  }

  /** Send what waits; returns the server's answer, or null when there is no connection. */
  send() {
    this.#sending ??= this.#sendNow().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendNow() {
    const kept = this.#read();
    const batch = kept.scans.slice(0, BATCH);
    if (batch.length === 0) return { results: [] };
    const body = {
      sent_at: new Date().toISOString(),
      // The first try of a fresh scan is a question; what was tried before is a fact of its time.
      scans: batch.map(({ taken, tries, ...scan }) => (tries ? { ...scan, at: taken } : scan)),
    };
    this.#mark(batch);
    let answer;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) return null;
      answer = await response.json();
    } catch {
      return null;
    }
    const answered = new Set(answer.results.map((one) => one.counter));
    const now = this.#read();
    now.scans = now.scans.filter((one) => !answered.has(one.counter));
    this.#write(now);
    return answer;
  }

  #mark(batch) {
    const tried = new Set(batch.map((one) => one.counter));
    const kept = this.#read();
    for (const scan of kept.scans) if (tried.has(scan.counter)) scan.tries += 1;
    this.#write(kept);
  }
}
