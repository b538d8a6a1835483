import type { IRenderMime } from '@jupyterlab/rendermime';
import React, { useMemo } from 'react';

/** Somebody's Markdown as the server rendered it; cleaned once more on its way into the page. */
export function Html(props: {
  html: string;
  sanitizer: IRenderMime.ISanitizer;
}): React.JSX.Element {
  const { html, sanitizer } = props;
  const clean = useMemo(() => sanitizer.sanitize(html), [html, sanitizer]);
  return (
    <div
      className="jp-TinyTorch-prose"
      dangerouslySetInnerHTML={{ __html: clean }}
    />
  );
}
