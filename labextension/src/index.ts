import { badgesPlugin } from './plugins/badges';
import { coursePlugin } from './plugins/course';
import { gradingPlugin } from './plugins/grading';
import { launcherPlugin } from './plugins/launcher';
import { sidebarPlugin } from './plugins/sidebar';
import { statusPlugin } from './plugins/status';

export * from './tokens';

export default [
  coursePlugin,
  sidebarPlugin,
  statusPlugin,
  badgesPlugin,
  launcherPlugin,
  gradingPlugin
];
