import { Dialog, showDialog } from '@jupyterlab/apputils';

/** Ask before something is replaced or removed; Escape leaves everything as it is, and so does Enter. */
export async function confirm(question: {
  title: string;
  /** What is lost, and what stays. */
  body: string;
  /** What the button that goes on says. */
  action: string;
}): Promise<boolean> {
  const { action, body, title } = question;
  const { button } = await showDialog({
    title,
    body,
    defaultButton: 0,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: action })]
  });
  return button.accept;
}
