/** Teaches gRPC targets that list several servers, each with addresses of its own. */

import { experimental, Metadata, status, type StatusObject } from "@grpc/grpc-js";

import { nameOf, parseTarget, type Server } from "./addresses.js";

type Listener = experimental.ResolverListener;
type Endpoint = experimental.Endpoint;

const SCHEME = "edunn-list";

/** Returns the target by which gRPC resolves several servers. */
export function listTarget(servers: readonly Server[]): string {
  return `${SCHEME}:${servers.map(nameOf).join(",")}`;
}

/**
 * Resolves each server by gRPC's own resolver, and gives one endpoint a server.
 *
 * The endpoints found so far are given on at once: a name that cannot be resolved does not keep the
 * other servers from being called.
 */
class ListResolver implements experimental.Resolver {
  readonly #listener: Listener;
  readonly #children: readonly experimental.Resolver[];
  readonly #found = new Map<string, Endpoint>();
  readonly #failures = new Map<string, Partial<StatusObject>>();

  constructor(
    target: experimental.GrpcUri,
    listener: Listener,
    options: Parameters<typeof experimental.createResolver>[2],
  ) {
    this.#listener = listener;
    this.#children = parseTarget(target.path).servers.map((server) => {
      const name = nameOf(server);
      const [scheme, path] = server.path === undefined ? ["dns", name] : ["unix", server.path];
      return experimental.createResolver(
        { scheme, path },
        (endpoints) => this.#take(name, endpoints),
        options,
      );
    });
  }

  updateResolution(): void {
    for (const child of this.#children) child.updateResolution();
  }

  destroy(): void {
    for (const child of this.#children) child.destroy();
  }

  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return path.split(",")[0] ?? "";
  }

  #take(name: string, endpoints: experimental.StatusOr<Endpoint[]>): boolean {
    if (endpoints.ok) {
      const addresses = endpoints.value.flatMap((endpoint) => endpoint.addresses);
      this.#found.set(name, { addresses });
      this.#failures.delete(name);
    } else {
      this.#failures.set(name, endpoints.error);
    }
    const known = this.#found.size + this.#failures.size;
    if (this.#found.size === 0) {
      if (known < this.#children.length) return true;
      const details = [...this.#failures.values()].map((failure) => failure.details).join("; ");
      const error = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
      return this.#listener({ ok: false, error }, {}, null, "");
    }
    return this.#listener({ ok: true, value: [...this.#found.values()] }, {}, null, "");
  }
}

experimental.registerResolver(SCHEME, ListResolver);
