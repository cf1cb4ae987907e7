// Not written yet.
export async function benchMemory() {}
