import { ApiError, Connection } from './connection';
import type { Membership, MembershipList } from './types';

/** Tells in which courses the user grades. */
export class MembershipsClient extends Connection {
  /** The courses the user grades; rejects with the reason where the course hub cannot tell them now. */
  async graded(): Promise<Membership[]> {
    const { courses, message } = await this._request<MembershipList>(
      'GET',
      'courses'
    );
    if (message) {
      throw new ApiError('unreachable', message);
    }
    return courses.filter(({ role }) => role !== 'student');
  }
}
