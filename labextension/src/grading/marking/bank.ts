import type { CourseClient, IQuestionPlace } from '../../api/courses';
import type { KeptComment } from '../../api/courseTypes';
import { Loadable } from '../loadable';

/** The comments kept for one question, for all of its graders. */
export class CommentBank extends Loadable<KeptComment[]> {
  constructor(
    private readonly _api: Pick<
      CourseClient,
      'comments' | 'keepComment' | 'deleteComment'
    >,
    private readonly _place: IQuestionPlace
  ) {
    super(() => _api.comments(_place));
  }

  /** The comments with all the words of `text` in them. */
  matching(text: string): readonly KeptComment[] {
    const words = text.toLocaleLowerCase().split(/\s+/);
    return (this.value ?? []).filter(comment => {
      const found = comment.text.toLocaleLowerCase();
      return words.every(word => found.includes(word));
    });
  }

  async keep(text: string): Promise<void> {
    await this.attempt(async () => {
      this.take(await this._api.keepComment(this._place, text));
    });
  }

  async drop(id: number): Promise<void> {
    await this.attempt(async () => {
      await this._api.deleteComment(id);
      this.take((this.value ?? []).filter(comment => comment.id !== id));
    });
  }
}
