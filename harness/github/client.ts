import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";
import { Failure } from "../model/failure.ts";

/** A repository on GitHub or a GitHub Enterprise server. */
export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

export interface GithubOptions {
  /**
   * Where the token and the server's address come from: GITHUB_TOKEN or GH_TOKEN, and GITHUB_API_URL
   * (which GitHub Actions sets; https://HOST/api/v3 of an Enterprise server).
   */
  readonly env?: NodeJS.ProcessEnv;
  /** Told when GitHub asks to wait. */
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that GitHub's seconds last and a request may take; tests shorten both. */
  readonly second?: number;
  readonly timeoutMs?: number;
}

const defaultServer = "https://api.github.com";

/** Waits that GitHub asks for are kept up to so many seconds, and so often for one request. */
const longestWait = 120;
const mostWaits = 3;

const Client = Octokit.plugin(throttling, retry);

/** GitHub's REST API: paced as GitHub recommends, patient with its limits, errors as Failures. */
export class Github {
  readonly octokit: InstanceType<typeof Client>;
  /** Milliseconds that a second lasts. */
  readonly second: number;
  readonly #server: string;
  readonly #token: string | undefined;

  constructor(options: GithubOptions) {
    const { env = process.env, notice, signal, second = 1000, timeoutMs = 60_000 } = options;
    this.second = second;
    this.#server = env["GITHUB_API_URL"] ?? defaultServer;
    this.#token = env["GITHUB_TOKEN"] ?? env["GH_TOKEN"];
    const wait = (why: string) => (seconds: number, _: object, __: unknown, retries: number) => {
      const isWorthIt = seconds <= longestWait && retries < mostWaits;
      if (isWorthIt) notice(`GitHub's ${why} is reached: waiting ${seconds} s`);
      return isWorthIt;
    };
    this.octokit = new Client({
      baseUrl: this.#server.replace(/\/+$/, ""),
      ...(this.#token === undefined ? {} : { auth: this.#token }),
      userAgent: "kernel-api-harness",
      // Its warnings would go to the console, in whatever form.
      log: { debug: silent, info: silent, warn: silent, error: silent },
      request: { fetch: boundedFetch(timeoutMs, signal) },
      retry: { retryAfterBaseValue: second },
      throttle: {
        id: this.#server,
        retryAfterBaseValue: second,
        onRateLimit: wait("rate limit"),
        onSecondaryRateLimit: wait("secondary rate limit"),
      },
    });
  }

  /**
   * Does something with the API. Throws Failure usage "github-unauthorized", "github-forbidden",
   * "github-not-found", "github-refused"; infra "github-rate-limited", "github-failed",
   * "github-unreachable".
   */
  async call<T>(what: string, work: (octokit: this["octokit"]) => Promise<T>): Promise<T> {
    try {
      return await work(this.octokit);
    } catch (thrown) {
      const error = requestError(thrown);
      if (!error) throw thrown;
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, error: RequestError): Failure {
    const said = this.#withoutToken(error.message);
    const failure = (reason: string, blame: "usage" | "infra", text: string, hint: string) =>
      new Failure({ reason, blame, what: `${what}: ${text}`, evidence: said, hint });
    const { status, headers } = error;
    if (headers === undefined) {
      const hint = "is the network up, and GITHUB_API_URL right?";
      return failure("github-unreachable", "infra", `${this.#server} does not answer`, hint);
    }
    const isLimit =
      status === 429 ||
      (status === 403 &&
        (headers["retry-after"] !== undefined ||
          headers["x-ratelimit-remaining"] === "0" ||
          /rate limit/i.test(said)));
    if (isLimit) {
      const reset = Number(headers["x-ratelimit-reset"]) * 1000;
      const until = reset > 0 ? ` until ${new Date(reset).toISOString()}` : "";
      const hint =
        "harness post can be run again at any time: what is there is updated, not doubled";
      return failure("github-rate-limited", "infra", `GitHub takes no more requests${until}`, hint);
    }
    switch (status) {
      case 401: {
        const hint =
          this.#token === undefined
            ? "set GITHUB_TOKEN"
            : "GITHUB_TOKEN is wrong, revoked or has expired";
        return failure("github-unauthorized", "usage", "GitHub does not know who asks", hint);
      }
      case 403:
        return failure(
          "github-forbidden",
          "usage",
          "the token may not do this",
          "it needs checks: write, issues: write and pull-requests: write; only GitHub Apps and Actions may write checks",
        );
      case 404:
        return failure(
          "github-not-found",
          "usage",
          "there is no such thing, or the token may not see it",
          "see owner, repository and number; private ones need a token",
        );
      case 410:
      case 422:
        return failure("github-refused", "usage", "GitHub refuses it", "see what it says");
      default:
        return failure(
          "github-failed",
          "infra",
          `GitHub answers with status ${status}`,
          "githubstatus.com; run it again later",
        );
    }
  }

  #withoutToken(text: string): string {
    return this.#token ? text.replaceAll(this.#token, "***") : text;
  }
}

/** What octokit throws: with headers when the server answered. */
interface RequestError {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | number | undefined>> | undefined;
}

function requestError(thrown: unknown): RequestError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "HttpError") return undefined;
  const { status, message, response } = thrown as Error & {
    status: number;
    response?: { headers: Record<string, string | number | undefined> };
  };
  return { status, message, headers: response?.headers };
}

/** Whether a request that failed may have been carried out all the same: no answer, or the server's own fault. */
export function mayHaveHappened(thrown: unknown): boolean {
  const error = requestError(thrown);
  return error !== undefined && (error.headers === undefined || error.status >= 500);
}

function boundedFetch(timeoutMs: number, signal: AbortSignal | undefined): typeof fetch {
  return (input, init) => {
    const ends = [AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])];
    return fetch(input, { ...init, signal: AbortSignal.any(ends) });
  };
}

function silent(): void {
  // The events tell what there is to tell.
}

/** "OWNER/REPO"; undefined when the text is none. */
export function parseRepository(text: string): Repository | undefined {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  return owner !== undefined && repo !== undefined ? { owner, repo } : undefined;
}
