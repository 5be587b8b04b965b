import { SshConnection } from "../vm/ssh.ts";
import type { SshAccess } from "../vm.ts";
import { Agent } from "./agent.ts";

/** Where a running guest's ssh server is, and how to get in. */
export interface GuestEndpoint {
  readonly port: number;
  readonly access: SshAccess;
  /** Bound for connecting; scaled for slow guests by the caller. */
  readonly timeoutSeconds: number;
}

/** A connection to a guest in which agents are started; each is a tracer of its own. */
export interface AgentHost extends AsyncDisposable {
  /** Starts an agent. */
  /** Starts an agent; `as`: words before its command line (docs/tracer.md). */
  start(as?: string): Promise<Agent>;
  readonly connection: SshConnection;
}

/** Connects to a guest. `program` is the agent's path there. */
export async function connectAgents(endpoint: GuestEndpoint, program: string): Promise<AgentHost> {
  const connection = await SshConnection.connect({
    port: endpoint.port,
    access: endpoint.access,
    timeoutSeconds: endpoint.timeoutSeconds,
    keepaliveSeconds: endpoint.timeoutSeconds,
  });
  return {
    connection,
    start: async (as = "") => Agent.over(await connection.talk(`exec ${as} ${program}`)),
    [Symbol.asyncDispose]: async () => {
      connection.close();
    },
  };
}
