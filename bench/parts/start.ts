// Not written yet.
export async function benchStart() {}
