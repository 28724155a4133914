// What the peers' programs share: requests come as JSON lines on stdin, each is answered by
// one JSON line on stdout; the end of stdin ends the program.

import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'

// stdout carries answers alone, whatever a library prints.
console.log = console.error

/** Answer requests {ask, ...} by handlers[ask](rest) until stdin ends. */
export async function answerRequests (handlers) {
  const lines = createInterface({ input: process.stdin })
  // Even amid a request: who asked is gone.
  lines.on('close', () => process.exit(0))
  for await (const line of lines) {
    const { ask, ...rest } = JSON.parse(line)
    process.stdout.write(JSON.stringify(await handlers[ask](rest)) + '\n')
  }
}

/** Seconds and CPU seconds (all threads, user and system) since it was made. */
export class Meter {
  #start = process.hrtime.bigint()
  #cpu = process.cpuUsage()

  read () {
    const cpu = process.cpuUsage(this.#cpu)
    return {
      took_s: Number(process.hrtime.bigint() - this.#start) / 1e9,
      cpu_s: (cpu.user + cpu.system) / 1e6
    }
  }
}

/** The lines of a file, as strings without their ends. */
export function readLines (path) {
  return readFileSync(path, 'utf8').split('\n').filter(line => line !== '')
}
