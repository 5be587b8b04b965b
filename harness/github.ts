export { Github, parseRepository } from "./github/client.ts";
export { postRun, type PostRequest } from "./github/post.ts";
