// Not written yet.
export async function benchBursts() {}
