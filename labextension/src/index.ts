import { coursePlugin } from './plugins/course';
import { sidebarPlugin } from './plugins/sidebar';
import { statusPlugin } from './plugins/status';

export * from './tokens';

export default [coursePlugin, sidebarPlugin, statusPlugin];
