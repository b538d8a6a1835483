/** A moment as the browser's field for date and time wants it, in local time; empty for none. */
export function toField(iso: string | null): string {
  if (iso === null) {
    return '';
  }
  const moment = new Date(iso);
  const local = moment.getTime() - moment.getTimezoneOffset() * 60_000;
  return new Date(local).toISOString().slice(0, 16);
}

/** What such a field says, in UTC, so that the server's time zone does not matter; null when it is empty. */
export function fromField(text: string): string | null {
  return text === '' ? null : new Date(text).toISOString();
}
