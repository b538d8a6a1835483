import { Connection } from './connection';
import type { MembershipList } from './types';

/** Tells in which courses the user has a role. */
export class MembershipsClient extends Connection {
  memberships(): Promise<MembershipList> {
    return this._request('GET', 'courses');
  }
}
