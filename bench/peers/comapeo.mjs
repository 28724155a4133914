// CoMapeo's side of the comparison: one device writes observations, others of its project
// copy them.
//
// A device joins the project before anything is written, as an invitation needs both; what is
// counted is the copy: from connect until the SQLite index holds every observation.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join as path } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MapeoManager, roles } from '@comapeo/core'
import Database from 'better-sqlite3'
import Fastify from 'fastify'
import { answerRequests, Meter, readLines } from './program.mjs'

const CREATE_AT_ONCE = 100
const POLL_MS = 10
// Counting a large table often would cost more than it tells.
const POLL_COPY_MS = 50
const MANY = 1000
const QUIET_WINDOW_MS = 500
const QUIET_CPU_SHARE = 0.1
const QUIET_AT_MOST_MS = 20_000
const PACKAGE = dirname(dirname(fileURLToPath(import.meta.resolve('@comapeo/core'))))

let manager, project, joined

/** Found a project and listen for the devices that will copy it. */
async function serve ({ folder }) {
  manager = await open(folder)
  project = await manager.getProject(await manager.createProject({ name: 'bench' }))
  const { name, port } = await manager.startLocalPeerDiscoveryServer()
  return { name, port }
}

/** Connect to the device that serves, ready to accept its invitation. */
async function join ({ folder, name, port }) {
  manager = await open(folder)
  joined = new Promise((resolve, reject) => {
    manager.invite.once('invite-received', invite => manager.invite.accept(invite).then(resolve, reject))
  })
  await manager.startLocalPeerDiscoveryServer()
  manager.connectLocalPeer({ address: '127.0.0.1', name, port })
  return { device: manager.deviceId }
}

async function invite ({ device }) {
  while (!(await connected()).some(peer => peer.deviceId === device)) await sleep(POLL_MS)
  await project.$member.invite(device, { roleId: roles.MEMBER_ROLE_ID })
  return {}
}

async function accepted () {
  const id = await joined
  await quiet()
  await close()
  return { project: id }
}

/** Write one observation for each body, and offer them to whoever connects. */
async function write ({ bodies }) {
  const lines = readLines(bodies)
  for (let at = 0; at < lines.length; at += CREATE_AT_ONCE) {
    const some = lines.slice(at, at + CREATE_AT_ONCE)
    await Promise.all(some.map(line => project.observation.create(observation(JSON.parse(line)))))
  }
  project.$sync.start()
  return {}
}

/** Wait until nobody is connected any more. */
async function alone () {
  while ((await connected()).length > 0) await sleep(POLL_MS)
  return {}
}

/** Copy until `after` observations are indexed, where `before` are already; counts from connect. */
async function fetch ({ folder, project: id, name, port, before, after }) {
  manager = await open(folder)
  project = await manager.getProject(id)
  const count = counter(folder)
  await manager.startLocalPeerDiscoveryServer()
  while (count() < before) await sleep(POLL_MS)
  await quiet()
  const start = count()
  const pollMs = after - start > MANY ? POLL_COPY_MS : POLL_MS
  const meter = new Meter()
  project.$sync.start()
  manager.connectLocalPeer({ address: '127.0.0.1', name, port })
  while (count() < after) await sleep(pollMs)
  const read = meter.read()
  const end = count()
  await close()
  return { before: start, after: end, ...read }
}

async function open (folder) {
  for (const part of ['db', 'core']) mkdirSync(path(folder, part), { recursive: true })
  const keyFile = path(folder, 'root.key')
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(16))
  const opened = new MapeoManager({
    rootKey: readFileSync(keyFile),
    dbFolder: path(folder, 'db'),
    coreStorage: path(folder, 'core'),
    projectMigrationsFolder: path(PACKAGE, 'drizzle', 'project'),
    clientMigrationsFolder: path(PACKAGE, 'drizzle', 'client'),
    fastify: Fastify()
  })
  await opened.setDeviceInfo({ name: 'bench', deviceType: 'desktop' })
  return opened
}

async function close () {
  await manager.stopLocalPeerDiscoveryServer({ force: true })
  await manager.close()
}

// Asking the API for all observations would be the greater part of what is measured.
function counter (folder) {
  const files = readdirSync(path(folder, 'db'))
  const file = files.find(name => name.endsWith('.db') && !name.startsWith('client'))
  const database = new Database(path(folder, 'db', file), { readonly: true })
  const statement = database.prepare('SELECT count(*) FROM observation').pluck()
  return () => statement.get()
}

async function connected () {
  return (await manager.listLocalPeers()).filter(peer => peer.status === 'connected')
}

// Opening goes on in the background; what it costs is no part of a copy.
async function quiet () {
  for (let waited = 0; waited < QUIET_AT_MOST_MS; waited += QUIET_WINDOW_MS) {
    const meter = new Meter()
    await sleep(QUIET_WINDOW_MS)
    const { took_s: took, cpu_s: cpu } = meter.read()
    if (cpu < took * QUIET_CPU_SHARE) return
  }
}

function observation ({ lat, lon, kind, txt, n, id }) {
  const tags = { kind, txt, n, id }
  return { schemaName: 'observation', lat, lon, attachments: [], tags, metadata: { manualLocation: false } }
}

await answerRequests({ serve, join, invite, accepted, write, alone, fetch })
