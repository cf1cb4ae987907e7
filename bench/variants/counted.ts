// The deployed Worker, with D1 and R2 counted as they are called, for what a publish costs in rows
// and where its time goes. Worker and Durable Object are in one isolate here, so one list does.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'
import { wrapStores } from './store-calls.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]

const counts: Record<string, number> = {}

function count(name: string, amount: number): void {
  counts[name] = (counts[name] ?? 0) + amount
}

async function timed<T>(name: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await action()
  } finally {
    count(`${name} calls`, 1)
    count(`${name} ms`, performance.now() - start)
  }
}

function countRows({ meta }: D1Result): void {
  count('rows read', meta.rows_read)
  count('rows written', meta.rows_written)
}

function counted(env: Env, who: string): Env {
  return wrapStores(env, async (store, call) => {
    const result = await timed(`${who} ${store}`, call)
    // One of a statement or a list of a batch's.
    if (store === 'D1') for (const each of [result].flat()) countRows(each as D1Result)
    return result
  })
}

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, counted(env, 'object'))
  }

  override async commit(...values: Parameters<DeployedRepository['commit']>) {
    const result = await timed('object commit', () => super.commit(...values))
    for (const [name, value] of Object.entries(this.work)) counts[name] = value
    return result
  }
}

export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === '/bench/counts'
      ? Response.json(counts)
      : timed('request', () =>
          Promise.resolve(worker.fetch(request, counted(env, 'worker'), context)),
        ),
} satisfies ExportedHandler<Env>
