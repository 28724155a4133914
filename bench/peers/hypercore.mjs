// hypercore's side of the comparison: writes logs and serves them, or fetches them.
//
// One store (RocksDB) holds all logs of a node, one stream carries them all: encrypted and
// authenticated by Noise, as hypercore does by itself.

import net from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import Hypercore from 'hypercore'
import crypto from 'hypercore-crypto'
import { answerRequests, Meter, readLines } from './program.mjs'

const APPEND_AT_ONCE = 1000
const LINGER_MS = 1000

let logs = []

/** Write the bodies into `authors` new logs, log after log, and serve them on a port. */
async function serve ({ folder, bodies, authors }) {
  const storage = Hypercore.defaultStorage(folder)
  const lines = readLines(bodies).map(line => Buffer.from(line))
  const each = lines.length / authors
  for (let author = 0; author < authors; author++) {
    const log = newLog(storage)
    await log.ready()
    const end = (author + 1) * each
    for (let at = author * each; at < end; at += APPEND_AT_ONCE) {
      await log.append(lines.slice(at, Math.min(end, at + APPEND_AT_ONCE)))
    }
    logs.push(log)
  }
  const port = await listen(logs)
  return { port, bare_port: await listen([]), logs: lengths() }
}

async function listen (some) {
  const server = net.createServer(socket => join(socket, false, some))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}

/** Append the bodies to the first `authors` logs in turn, each alone, as people write. */
async function append ({ bodies, authors }) {
  for (const [at, line] of readLines(bodies).entries()) {
    await logs[at % authors].append(Buffer.from(line))
  }
  return { logs: lengths() }
}

/** Copy the logs that are named into the folder, up to their lengths; counts from connect. */
async function fetch ({ folder, port, logs: wanted }) {
  const storage = Hypercore.defaultStorage(folder)
  logs = wanted.map(({ key }) => new Hypercore(storage, Buffer.from(key, 'hex')))
  await Promise.all(logs.map(log => log.ready()))
  const before = total()
  const meter = new Meter()
  const socket = net.connect(port, '127.0.0.1')
  join(socket, true, logs)
  await Promise.all(wanted.map(({ length }, at) => copied(logs[at], length)))
  const read = meter.read()
  const whole = await Promise.all(wanted.map(({ length }, at) => logs[at].has(0, length)))
  if (whole.includes(false)) throw new Error('a log was not copied whole')
  const after = total()
  socket.destroy()
  await Promise.all(logs.map(log => log.close()))
  return { before, after, ...read }
}

/** Connect to who offers no log, make the encrypted stream, carry nothing. */
async function handshake ({ port }) {
  const socket = net.connect(port, '127.0.0.1')
  await join(socket, true, []).noiseStream.opened
  // Its last bytes are still to go, each way, and nothing says when they have.
  await sleep(LINGER_MS)
  socket.destroy()
  return {}
}

function join (socket, isInitiator, some) {
  socket.setNoDelay(true)
  const stream = Hypercore.createProtocolStream(isInitiator, { keepAlive: false })
  for (const log of some) log.replicate(stream)
  // A receiver that has everything hangs up; that is no error of the server's.
  for (const end of [stream, socket]) end.on('error', () => {})
  socket.pipe(stream).pipe(socket)
  return stream
}

async function copied (log, length) {
  if (log.contiguousLength >= length) return
  await log.download({ start: log.contiguousLength, end: length }).done()
}

// With a key of its own: without one a store has a single log.
function newLog (storage) {
  const keyPair = crypto.keyPair()
  const manifest = { version: 1, signers: [{ publicKey: keyPair.publicKey }] }
  return new Hypercore(storage, Hypercore.key(manifest), { keyPair, manifest })
}

function lengths () {
  return logs.map(log => ({ key: log.key.toString('hex'), length: log.length }))
}

function total () {
  return logs.reduce((sum, log) => sum + log.contiguousLength, 0)
}

await answerRequests({ serve, append, fetch, handshake })
