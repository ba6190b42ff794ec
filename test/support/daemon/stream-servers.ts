/**
 * Real servers of streams that a daemon under test delivers to, as far as this machine has them: Redis, NATS, Kafka.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Admin, Consumer } from '@platformatic/kafka'
import { createClient } from '@redis/client'
import { kafkaProblem, startKafka } from '../servers/kafka.ts'
import { hasNats, startNats } from '../servers/nats.ts'
import { hasRedis, startRedis } from '../servers/redis.ts'
import type { TestAuthority } from '../servers/test-authority.ts'

/** One running server. */
export interface StreamServer {
  /** Options of the sink that delivers there, its type among them. */
  readonly sink: Readonly<Record<string, unknown>> & { readonly type: string }
  /** Every line that it holds. */
  lines(): Promise<readonly string[]>
  stop(): Promise<void>
}

/** Starts those that are there, each in a directory of its own below `directory`. */
export async function startStreamServers(directory: string, authority: TestAuthority): Promise<StreamServer[]> {
  const place = (name: string) => {
    const path = join(directory, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  const started: StreamServer[] = []
  if (hasRedis) started.push(await redis(place('redis')))
  if (hasNats) started.push(await nats(place('nats')))
  if (kafkaProblem() === undefined) started.push(await kafka(place('kafka'), authority))
  return started
}

async function redis(directory: string): Promise<StreamServer> {
  const server = await startRedis(directory)
  const lines = async () => {
    const client = createClient({ socket: { host: '127.0.0.1', port: server.port } })
    await client.connect()
    const entries = (await client.sendCommand(['XRANGE', 'threecx-hunter', '-', '+'])) as [string, string[]][] // Redis' own form
    client.destroy()
    return entries.map(([, fields]) => fields[fields.indexOf('line') + 1] ?? '')
  }
  return { sink: { type: 'redis', host: '127.0.0.1', port: server.port }, lines, stop: () => server.stop() }
}

async function nats(directory: string): Promise<StreamServer> {
  const server = await startNats(directory)
  const connection = await connect({ servers: `127.0.0.1:${server.port}` })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'all', subjects: ['all.*'] })
  const lines = async () => {
    const consumer = await jetstream(connection).consumers.get('all')
    const { state } = await manager.streams.info('all')
    const found: string[] = []
    while (found.length < state.messages) found.push((await consumer.next())?.string() ?? '')
    return found
  }
  const stop = async () => {
    await connection.close()
    await server.stop()
  }
  return {
    sink: { type: 'nats', host: '127.0.0.1', port: server.port, subject: 'all.{kind}', stream: 'all' },
    lines,
    stop,
  }
}

async function kafka(directory: string, authority: TestAuthority): Promise<StreamServer> {
  const server = await startKafka(directory, { authority, server: authority.issue('kafka') })
  const bootstrapBrokers = [`127.0.0.1:${server.port}`]
  const topics = ['all']
  const admin = new Admin({ clientId: 'test', bootstrapBrokers })
  await admin.createTopics({ topics, partitions: 1, replicas: 1 })
  await admin.close()
  const lines = async () => {
    const consumer = new Consumer({ clientId: 'test', groupId: 'read', bootstrapBrokers })
    const [end = 0n] = (await consumer.listOffsets({ topics })).get('all') ?? []
    const stream = await consumer.consume({ topics, mode: 'earliest', autocommit: false, maxWaitTime: 100 })
    const found: string[] = []
    for await (const { value, offset } of stream) {
      found.push(value.toString('utf8'))
      if (offset + 1n >= end) break
    }
    await consumer.close(true)
    return found
  }
  const sink = { type: 'kafka', brokers: [{ host: '127.0.0.1', port: server.port }], topic: 'all' }
  return { sink, lines, stop: () => server.stop() }
}
