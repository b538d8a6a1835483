import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import React from 'react';

/** A question, an answer or a comment, rendered as the notebook renders what it does not trust. */
export function Markdown(props: {
  markdown: string;
  rendermime: IRenderMimeRegistry;
}): React.JSX.Element {
  const { markdown, rendermime } = props;
  const host = React.useRef<HTMLDivElement>(null);
  // A layout effect: it is undone before React takes the element out of the page.
  React.useLayoutEffect(() => {
    const renderer = rendermime.createRenderer('text/markdown');
    const model = new MimeModel({ data: { 'text/markdown': markdown } });
    void renderer.renderModel(model).then(() => {
      // The notebook has the same headings; ids must stay unique in the page.
      for (const node of renderer.node.querySelectorAll('[id]')) {
        node.removeAttribute('id');
      }
      for (const anchor of renderer.node.querySelectorAll(
        '.jp-InternalAnchorLink'
      )) {
        anchor.remove();
      }
    });
    if (host.current) {
      // Formulas are typeset only in a widget that knows it is attached.
      Widget.attach(renderer, host.current);
    }
    return () => {
      renderer.dispose();
    };
  }, [markdown, rendermime]);
  return <div className="jp-TinyTorch-prompt" ref={host} />;
}
