// Not written yet.
export async function benchGitea() {}
