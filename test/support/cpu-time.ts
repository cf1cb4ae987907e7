// What this process itself took of the processors, on whatever else the machine works meanwhile.

/** Of all threads, so that what zlib does beside is counted too. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
