/** What user stores beside the primary one may be called. */

/** The names that mean something else, as those of stores or of roles. */
const reserved = ['PRIMARY', 'INTERNAL', 'APPLICATION', 'SYSTEM', 'WORKFLOW', 'FEDERATED'];

/** What is wrong with the name of a user store; null = nothing. */
export function userStoreNameProblem(name: string): string | null {
  const isName = /^[A-Za-z][A-Za-z0-9_.-]{0,29}$/.test(name) && !reserved.includes(name.toUpperCase());
  return isName ? null : `expected a name of letters, digits, _ . and -, other than ${reserved.join(', ')}`;
}
