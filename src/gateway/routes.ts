/** From the APIs of the snapshot to the resource that a request means. */
import type { Api, Resource, Verb } from '../core/api.ts';
import { normalizeSegment } from '../core/normalize-path.ts';
import type { EventLog } from '../platform/log.ts';
import { ResourceTree } from './resource-tree.ts';
import type { Stage } from './stage.ts';
import { stricterResource } from './stricter-resource.ts';

/** An API as this process knows it. */
export interface LoadedApi {
  readonly api: Api;
  /** Number of the API in this process; part of throttling and subscription keys. */
  readonly ordinal: number;
  /** Set for the APIs of the gateway itself (`/token` and the like), which lead to the key manager. */
  readonly builtIn: boolean;
}

/** What a stage is compiled for. */
export type RouteResource = Resource;

/** A resource of an API, ready to run. */
export interface Route {
  readonly api: LoadedApi;
  readonly resource: Resource;
  /** Compiled at the first request, so that a gateway with very many APIs starts at once. */
  readonly stages: readonly Stage[];
}

/** Compiles a resource's stages. */
export type Compile = (resource: Resource, api: LoadedApi) => readonly Stage[];

/** What a path means: the routes by verb, or nothing. */
export type VerbRoutes = ReadonlyMap<string, Route>;

/** What is below a base path; the tree is planted at the first request. */
interface Base {
  readonly api: LoadedApi;
  tree: ResourceTree<Map<Verb, Route>> | null;
}

interface Found {
  readonly routes: VerbRoutes;
  /** Length of the base path. */
  readonly base: number;
  readonly api: LoadedApi;
}

class LazyRoute implements Route {
  readonly api: LoadedApi;
  readonly resource: Resource;
  readonly #compile: Compile;
  #stages: readonly Stage[] | null = null;

  constructor(api: LoadedApi, resource: Resource, compile: Compile) {
    this.api = api;
    this.resource = resource;
    this.#compile = compile;
  }

  get stages(): readonly Stage[] {
    this.#stages ??= this.#compile(this.resource, this.api);
    return this.#stages;
  }
}

/**
 * All routes of a gateway. A look-up costs the same whatever the number of APIs: one per segment of the deepest
 * context, and one walk down the tree of the API's own paths.
 */
export class Routes {
  readonly #compile: Compile;
  readonly #log: Pick<EventLog, 'warn'> | undefined;
  /** By base path: `/pizzashack/1.0.0`, and `/pizzashack` for a default version. */
  readonly #byBase = new Map<string, Base>();
  /** The gateway's own, at the root; an API may be there too. */
  #builtIn: Base | null = null;
  readonly #byId = new Map<string, LoadedApi>();
  #deepest = 0;

  /** @param log where it is said that an API has resources that are the same calls */
  constructor(compile: Compile, log?: Pick<EventLog, 'warn'>) {
    this.#compile = compile;
    this.#log = log;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Adds the API or takes it in place of its earlier form. Requests in flight keep the routes that they have. */
  put(loaded: LoadedApi): void {
    if (loaded.builtIn) {
      this.#builtIn = { api: loaded, tree: null };
      return;
    }
    this.delete(loaded.api.id);
    this.#byId.set(loaded.api.id, loaded);
    if (!isDeployed(loaded.api)) return;
    for (const base of basePaths(loaded.api)) {
      this.#byBase.set(base, { api: loaded, tree: null });
      this.#deepest = Math.max(this.#deepest, base.split('/').length - 1);
    }
  }

  delete(id: string): void {
    const loaded = this.#byId.get(id);
    if (!loaded) return;
    this.#byId.delete(id);
    for (const base of basePaths(loaded.api)) {
      if (this.#byBase.get(base)?.api === loaded) this.#byBase.delete(base);
    }
  }

  /**
   * The routes at a normalized path, with the length of the base path that they lie below; null if there are none.
   * The longest base path wins.
   */
  find(path: string): Found | null {
    let end = segmentEnd(path, this.#deepest);
    while (end >= 0) {
      const own = end === 0 && this.#builtIn ? this.#below(this.#builtIn, path, 0) : null;
      if (own) return own;
      const base = this.#byBase.get(path.slice(0, end));
      const found = base ? this.#below(base, path, end) : null;
      if (found) return found;
      end = end === 0 ? -1 : path.lastIndexOf('/', end - 1);
    }
    return null;
  }

  /** The API whose base path the path begins with, whether or not it has such a resource. For the words of a 404. */
  apiAt(path: string): LoadedApi | null {
    for (let end = segmentEnd(path, this.#deepest); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const base = this.#byBase.get(path.slice(0, end));
      if (base) return base.api;
    }
    return null;
  }

  #below(base: Base, path: string, end: number): Found | null {
    base.tree ??= this.#plant(base.api);
    const routes = base.tree.find(path, end);
    return routes ? { routes, base: end, api: base.api } : null;
  }

  #plant(api: LoadedApi): ResourceTree<Map<Verb, Route>> {
    const tree = new ResourceTree<Map<Verb, Route>>();
    for (const resource of api.api.resources) {
      const verbs = tree.at(resource.path, () => new Map<Verb, Route>());
      const same = verbs.get(resource.verb)?.resource;
      const stands = same ? this.#stricter(same, resource, api) : resource;
      if (stands !== same) verbs.set(resource.verb, new LazyRoute(api, stands, this.#compile));
    }
    return tree;
  }

  #stricter(one: Resource, other: Resource, { api }: LoadedApi): Resource {
    const stands = stricterResource(one, other, api);
    const left = stands === one ? other : one;
    const fields = { api: api.name, version: api.version, verb: stands.verb, stands: stands.path, left: left.path };
    this.#log?.warn(fields, 'two resources of an API are the same calls; the stricter one stands');
    return stands;
  }
}

/** Created and retired APIs are on no gateway; a blocked one is, to say that it is blocked. */
function isDeployed(api: Api): boolean {
  return api.status !== 'CREATED' && api.status !== 'RETIRED';
}

function basePaths({ context, version, isDefaultVersion, basePath }: Api): string[] {
  // An API at the root has the empty base path.
  const base = (basePath ?? context).split('/').map(segmentOf).join('/').replace(/\/+$/, '');
  if (basePath !== undefined) return [base];
  if (version === '') return [base];
  const versioned = `${base}/${segmentOf(version)}`;
  return isDefaultVersion ? [versioned, base] : [versioned];
}

/** As requests have it. One that no request has is never found, and needs no other form. */
const segmentOf = (segment: string): string => normalizeSegment(segment) ?? segment;

/** Where the first `count` segments of a path end. */
function segmentEnd(path: string, count: number): number {
  let end = 0;
  for (let i = 0; i < count; i++) {
    const next = path.indexOf('/', end + 1);
    if (next === -1) return path.length;
    end = next;
  }
  return end;
}
