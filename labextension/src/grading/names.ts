/** What stands for an assignment where there is little room: a module's number, a project's name. */
export function shortName(assignment: string): string {
  return /^\d\d_/.test(assignment) ? assignment.slice(0, 2) : assignment;
}

/** An assignment as people speak of it: "02 Activations", and a project by its title. */
export function fullName(assignment: string, title: string): string {
  const short = shortName(assignment);
  return short === assignment ? title : `${short} ${title}`;
}
