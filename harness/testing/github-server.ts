import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/* The part of GitHub's REST API that the harness uses: its shapes, its pages, its limits. */

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeIssue {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  labels: string[];
}

export interface FakeCheck {
  id: number;
  name: string;
  head_sha: string;
  external_id: string;
  conclusion: string;
  output: { title: string; summary: string };
  annotations: { path: string; title: string; message: string }[];
}

/** What to answer instead: "drop" hangs up, "lose" does it and hangs up, a number of milliseconds is slow. */
export type Fault = Reply | "drop" | "lose" | number | undefined;

export const token = "ghp_secretsecretsecret";

export class FakeGithub {
  readonly issues: FakeIssue[] = [];
  readonly comments: { id: number; issue: number; body: string }[] = [];
  readonly checks: FakeCheck[] = [];
  /** The pull requests' patches, by number. */
  readonly pulls = new Map<number, { title: string; commits: number; patch: string }>();
  /** "GET /repos/o/r/issues" and so on, in order. */
  readonly requests: string[] = [];
  /** Asked before each request. `count`: how often this method and path came, from 1. */
  fault: (request: string, count: number) => Fault = () => undefined;
  readonly #server: Server;
  #next = 1;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((reply) => {
        if (reply === undefined) {
          request.socket.destroy();
          return;
        }
        const { status, body, headers } = reply;
        const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
        const type = typeof body === "string" ? "text/plain" : "application/json";
        response.writeHead(status, { "content-type": `${type}; charset=utf-8`, ...headers });
        response.end(text);
      });
    });
  }

  static async start(): Promise<FakeGithub> {
    const fake = new FakeGithub();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  /** Below a path, as an Enterprise server has it. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v3`;
  }

  get env(): NodeJS.ProcessEnv {
    return { GITHUB_API_URL: this.url, GITHUB_TOKEN: token };
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage): Promise<Reply | undefined> {
    const url = new URL(request.url ?? "/", this.url);
    const path = url.pathname.replace(/^\/api\/v3/, "");
    const what = `${request.method ?? ""} ${path}`;
    this.requests.push(what);
    const text = await bodyOf(request);
    const fault = this.fault(what, this.requests.filter((each) => each === what).length);
    if (fault === "drop") return undefined;
    if (typeof fault === "number") await new Promise((resolve) => setTimeout(resolve, fault));
    else if (typeof fault === "object") return fault;
    if (request.headers.authorization !== `token ${token}`)
      return { status: 401, body: { message: "Bad credentials" } };
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    const reply = this.#route(what, url, body, request.headers.accept ?? "");
    return fault === "lose" ? undefined : reply;
  }

  #route(what: string, url: URL, body: Record<string, unknown>, accept: string): Reply {
    const [, rest] = /^(\w+ )\/repos\/o\/r(\/.*)$/.exec(what) ?? [];
    const route = rest === undefined ? "" : what.replace("/repos/o/r", "");
    let match: RegExpExecArray | null;
    if ((match = /^GET \/pulls\/(\d+)$/.exec(route))) return this.#pull(Number(match[1]), accept);
    if (route.startsWith("GET /compare/"))
      return { status: 200, body: { merge_base_commit: { sha: "b".repeat(40) } } };
    if ((match = /^GET \/commits\/(\w+)\/check-runs$/.exec(route))) {
      const name = url.searchParams.get("check_name");
      const found = this.checks.filter(
        (each) => each.head_sha === match?.[1] && each.name === name,
      );
      return { status: 200, body: { total_count: found.length, check_runs: found.map(linked) } };
    }
    if (route === "POST /check-runs") return this.#check(undefined, body);
    if ((match = /^PATCH \/check-runs\/(\d+)$/.exec(route)))
      return this.#check(Number(match[1]), body);
    if (route === "GET /issues") return this.#listIssues(url);
    if (route === "POST /issues") return this.#writeIssue(undefined, body);
    if ((match = /^PATCH \/issues\/(\d+)$/.exec(route)))
      return this.#writeIssue(Number(match[1]), body);
    if ((match = /^GET \/issues\/(\d+)\/comments$/.exec(route)))
      return page(
        url,
        this.comments.filter((each) => each.issue === Number(match?.[1])).map(linked),
      );
    if ((match = /^POST \/issues\/(\d+)\/comments$/.exec(route))) {
      const made = { id: this.#next++, issue: Number(match[1]), body: String(body["body"]) };
      if (made.body.length > 65536) return tooLong;
      this.comments.push(made);
      return { status: 201, body: linked(made) };
    }
    if ((match = /^PATCH \/issues\/comments\/(\d+)$/.exec(route))) {
      const known = this.comments.find((each) => each.id === Number(match?.[1]));
      if (!known) return missing;
      known.body = String(body["body"]);
      return { status: 200, body: linked(known) };
    }
    return missing;
  }

  #pull(number: number, accept: string): Reply {
    const pull = this.pulls.get(number);
    if (!pull) return missing;
    if (accept.includes("patch")) return { status: 200, body: pull.patch };
    const { title, commits } = pull;
    const [base, head] = [{ sha: "a".repeat(40) }, { sha: "c".repeat(40) }];
    return { status: 200, body: { number, title, commits, base, head } };
  }

  #check(id: number | undefined, body: Record<string, unknown>): Reply {
    const { annotations = [], ...output } = body["output"] as FakeCheck["output"] & {
      annotations?: FakeCheck["annotations"];
    };
    if (annotations.length > 50 || output.summary.length > 65535) return tooLong;
    let check = this.checks.find((each) => each.id === id);
    if (!check) {
      if (id !== undefined) return missing;
      check = { ...(body as unknown as FakeCheck), id: this.#next++, output, annotations: [] };
      this.checks.push(check);
    }
    check.annotations.push(...annotations);
    return { status: id === undefined ? 201 : 200, body: linked(check) };
  }

  #listIssues(url: URL): Reply {
    const label = url.searchParams.get("labels");
    const state = url.searchParams.get("state");
    const found = this.issues.filter(
      (each) =>
        (label === null || each.labels.includes(label)) &&
        (state === "all" || each.state === state),
    );
    return page(url, [...found].reverse());
  }

  #writeIssue(number: number | undefined, body: Record<string, unknown>): Reply {
    if (typeof body["body"] === "string" && body["body"].length > 65536) return tooLong;
    let issue = this.issues.find((each) => each.number === number);
    if (!issue) {
      if (number !== undefined) return missing;
      issue = { number: this.#next++, title: "", body: "", state: "open", labels: [] };
      this.issues.push(issue);
    }
    for (const key of ["title", "body", "state", "labels"] as const) {
      if (body[key] !== undefined) Object.assign(issue, { [key]: body[key] });
    }
    return { status: number === undefined ? 201 : 200, body: issue };
  }
}

const missing: Reply = { status: 404, body: { message: "Not Found" } };
const tooLong: Reply = { status: 422, body: { message: "Validation Failed: too long" } };

function linked<T extends { id: number }>(thing: T): T & { html_url: string } {
  return { ...thing, html_url: `https://github.example/${thing.id}` };
}

/** One page, with the address of the next in the Link header. */
function page(url: URL, all: readonly unknown[]): Reply {
  const size = Math.min(100, Number(url.searchParams.get("per_page") ?? 30));
  const number = Number(url.searchParams.get("page") ?? 1);
  const next = new URL(url);
  next.searchParams.set("page", String(number + 1));
  const more = all.length > number * size;
  return {
    status: 200,
    body: all.slice((number - 1) * size, number * size),
    headers: more ? { link: `<${next.href}>; rel="next"` } : {},
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
