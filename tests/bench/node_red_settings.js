// Node-RED without its editor, for tests/bench/throughput.py: the flow counts, and says what it took.
const sightings = Number(process.env.BENCH_SIGHTINGS)
const warm = Number(process.env.BENCH_WARM)
let seen = 0
let started = null

const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6 }

const tally = {
    ready: () => process.stdout.write('ready\n'),
    count: (rows) => {
        seen += rows
        if (started === null && seen >= sightings * warm) { started = [seen, cpu(), performance.now()] }
        if (seen < sightings) { return }
        const [before, used, at] = started
        const result = {sightings: seen - before, cpu_s: cpu() - used, s: (performance.now() - at) / 1000}
        process.stdout.write(JSON.stringify(result) + '\n', () => process.exit(0))
    },
}

module.exports = {
    httpAdminRoot: false,
    httpNodeRoot: false,
    uiPort: Number(process.env.BENCH_UI_PORT),
    uiHost: '127.0.0.1',
    credentialSecret: false,
    functionGlobalContext: {tally},
    logging: {console: {level: 'error', metrics: false, audit: false}},
}
