import http from "node:http";
import type { AddressInfo } from "node:net";

/** How a mirror treats one request; what is not said is done right. */
interface Behaviour {
  /** Answered instead of the file. */
  readonly status?: number;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Nothing more is sent after so many bytes, and the connection stays open. */
  readonly stallAfter?: number;
  /** A Range header is overlooked, as some proxies do. */
  readonly ignoreRange?: boolean;
  /** An If-Range header is overlooked. */
  readonly ignoreIfRange?: boolean;
}

interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** An HTTP server on this machine that serves files from memory, and misbehaves as told. */
export class Mirror implements AsyncDisposable {
  readonly files = new Map<string, Buffer>();
  /** Taken from the front, one a request. */
  readonly behaviours: Behaviour[] = [];
  readonly seen: SeenRequest[] = [];
  /** How many bytes of the file its reader has kept so far: a cut waits until those sent have arrived. */
  received: () => number = () => Infinity;
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(): Promise<Mirror> {
    const server = http.createServer();
    const mirror = new Mirror(server);
    server.on("request", (request, response) => {
      mirror.#answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return mirror;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { range, "if-range": ifRange } = request.headers;
    const path = request.url ?? "";
    this.seen.push({ path, range, ifRange: ifRange as string | undefined });
    const behaviour = this.behaviours.shift() ?? {};
    const file = this.files.get(path);
    if (behaviour.status !== undefined || !file) {
      response.writeHead(behaviour.status ?? 404).end("no such luck");
      return;
    }
    const etag = `"${file.length}-${file.subarray(0, 4).toString("hex")}"`;
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? NaN);
    const unchanged = ifRange === undefined || ifRange === etag || behaviour.ignoreIfRange === true;
    let body = file;
    if (Number.isFinite(start) && unchanged && !behaviour.ignoreRange) {
      if (start >= file.length) {
        response.writeHead(416, { "content-range": `bytes */${file.length}` }).end();
        return;
      }
      body = file.subarray(start);
      response.writeHead(206, {
        etag,
        "content-length": body.length,
        "content-range": `bytes ${start}-${file.length - 1}/${file.length}`,
      });
    } else response.writeHead(200, { etag, "content-length": body.length });
    const limit = behaviour.cutAfter ?? behaviour.stallAfter;
    if (limit === undefined) response.end(body);
    else {
      response.write(body.subarray(0, limit));
      if (behaviour.cutAfter === undefined) return;
      const wanted = body === file ? limit : start + limit;
      const timer = setInterval(() => {
        if (this.received() < wanted) return;
        clearInterval(timer);
        response.destroy();
      }, 5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
