// Not written yet.
export async function benchDownloads() {}
