import React, { useState } from 'react';

import type { ReportFormat } from '../../api/courses';
import { Notice } from '../../components/Notice';
import type { IPageProps } from '../GradingView';

/** All grades as a file, for whatever reads them next. */
export function ReportsPage({ model, trans }: IPageProps): React.JSX.Element {
  const [error, setError] = useState<Error | null>(null);
  const formats: [ReportFormat, string, string][] = [
    [
      'csv',
      trans.__('Table (CSV)'),
      trans.__('One line for each student, with the parts of every module.')
    ],
    ['json', trans.__('JSON'), trans.__('The same for programs.')],
    [
      'canvas',
      trans.__('Canvas'),
      trans.__('To import in the gradebook of Canvas.')
    ],
    [
      'moodle',
      trans.__('Moodle'),
      trans.__('To import in the gradebook of Moodle.')
    ]
  ];
  const download = async (format: ReportFormat): Promise<void> => {
    try {
      const name = `${model.api.course}-grades-${format}`;
      save(await model.api.report(format), name, format);
      setError(null);
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <>
      <h2>{trans.__('Grades as files')}</h2>
      {error && <Notice message={error.message} trans={trans} />}
      <dl className="jp-TinyTorch-downloads">
        {formats.map(([format, label, description]) => (
          <div key={format}>
            <dt>
              <button
                type="button"
                className="jp-TinyTorch-button"
                onClick={() => void download(format)}
              >
                {trans.__('Download: %1', label)}
              </button>
            </dt>
            <dd>{description}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function save(content: Blob, name: string, format: ReportFormat): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = `${name}.${format === 'json' ? 'json' : 'csv'}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
