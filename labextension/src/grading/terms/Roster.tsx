import React, { useState } from 'react';

import { Notice } from '../../components/Notice';
import type { IPageProps } from '../GradingView';

/** Enters a class list from a file. */
export function Roster({ model, trans }: IPageProps): React.JSX.Element {
  const [message, setMessage] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const read = async (file: File): Promise<void> => {
    try {
      const counts = await model.api.importRoster(await file.text(), file.name);
      setMessage(
        trans.__(
          '%1 students are new, %2 were known.',
          counts.new,
          counts.known
        )
      );
      setError(null);
      await model.modules.load();
    } catch (failure) {
      setMessage('');
      setError(failure as Error);
    }
  };
  return (
    <section>
      <h2>{trans.__('Class list')}</h2>
      {error && <Notice message={error.message} trans={trans} />}
      <label>
        {trans.__('A CSV file with ids, names and addresses')}{' '}
        <input
          type="file"
          accept=".csv,.tsv,.txt"
          onChange={event => {
            const file = event.target.files?.[0];
            // A browser does not tell that the same file, mended, is chosen again.
            event.target.value = '';
            if (file) {
              void read(file);
            }
          }}
        />
      </label>
      <p role="status">{message}</p>
    </section>
  );
}
