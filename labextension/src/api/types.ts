// Generated from tinytorch_lab/api/schemas.py by "npm run types"; edit the models there.

/**
 * What a student reads about one answer; ``level`` and ``above`` (the next one up) only once it is marked.
 *
 * ``ticked`` are the criteria of the level that the marker saw met.
 */
export interface AnswerFeedback {
  response_id: string;
  question: string;
  text: string;
  points: number;
  total: number;
  marked: boolean;
  comment: string;
  level: Level | null;
  above: Level | null;
  ticked?: string[];
}
/**
 * One level of a scheme: ``low`` to ``high`` points, and what an answer of this level shows.
 */
export interface Level {
  label: string;
  low: number;
  high: number;
  criteria: string[];
}
/**
 * How long a written answer is; ``remark`` says how that stands to the expected length.
 */
export interface AnswerLength {
  response_id: string;
  words: number;
  expected: boolean;
  remark: string;
}
/**
 * One module as it stands between the course and the student; ``score`` is absent until it is returned.
 *
 * ``extended`` tells that ``due_at`` is the student's own, ``late_seconds`` how long after it the submission came.
 * ``policy`` says in a sentence what lateness costs.
 */
export interface Assignment {
  module: string;
  state: 'not released' | 'open' | 'submitted' | 'graded' | 'returned';
  released_at: string | null;
  due_at: string | null;
  extended: boolean;
  policy: string;
  submission: Receipt | null;
  late_seconds: number;
  score: number | null;
  total: number | null;
  returned_at: string | null;
}
/**
 * The course's word that it holds a notebook, and since when (ISO 8601 in UTC).
 *
 * ``digest`` is the notebook's SHA-256; ``signature`` is the course's over all other fields.
 */
export interface Receipt {
  id: string;
  course: string;
  module: string;
  student: string;
  digest: string;
  size: number;
  received_at: string;
  signature: string;
}
/**
 * What the course has released; when it cannot be reached, ``message`` says why.
 *
 * ``as_of`` is the time (ISO 8601) at which the course said so, absent where it never did. ``news`` tells what became
 * of notebooks that waited until the course could be reached; each is told once.
 */
export interface AssignmentList {
  connected: boolean;
  message: string;
  as_of: string | null;
  assignments: Assignment[];
  news: string[];
}
/**
 * The whole course from the student's side. ``answer_words`` are the least and most words of an answer.
 *
 * ``version`` is the server's, which the browser compares with its own.
 */
export interface CourseOverview {
  version: string;
  title: string;
  workspace: string;
  phases: PhaseInfo[];
  modules: ModuleEntry[];
  /**
   * @minItems 2
   * @maxItems 2
   */
  answer_words: [number, number];
}
/**
 * A phase of the course.
 */
export interface PhaseInfo {
  number: number;
  title: string;
}
/**
 * One module as the sidebar lists it. ``path`` is the notebook's path below the server's root.
 *
 * ``needs`` are the earlier modules it builds on, ``recheck`` those of them whose exported code changed since the
 * tests were run; ``digest`` is the SHA-256 of the notebook as saved.
 */
export interface ModuleEntry {
  name: string;
  number: number;
  title: string;
  phase: number;
  summary: string;
  prerequisites: string[];
  exports: string[];
  points: number;
  status: 'unavailable' | 'not_started' | 'in_progress' | 'passed';
  path: string | null;
  tests_passed: number;
  tests_total: number;
  package: 'missing' | 'behind' | 'current';
  recheck: string[];
  readme: boolean;
  digest: string | null;
}
/**
 * The body of every answer that is not a success.
 */
export interface ErrorBody {
  message: string;
}
/**
 * Both sides of a mismatch as text; a side or a figure that the message does not give is ``None``.
 *
 * ``wrong`` of ``elements`` array elements differ, by ``difference`` at most.
 */
export interface Evidence {
  expected?: string | null;
  actual?: string | null;
  expected_shape?: string | null;
  actual_shape?: string | null;
  wrong?: number | null;
  elements?: number | null;
  difference?: string | null;
}
/**
 * Why a notebook could not be exported; ``cell`` counts from 1, ``line`` from 1 within the cell.
 */
export interface ExportProblem {
  notebook: string;
  cell: number | null;
  line: number | null;
  message: string;
}
/**
 * What an export did; with problems, nothing was written.
 */
export interface ExportReport {
  written: string[];
  unchanged: string[];
  problems: ExportProblem[];
}
/**
 * Everything that is told to a student about a graded submission.
 *
 * ``penalty`` is taken off ``score`` for the reason in ``lateness``. ``own_run`` is absent where none was made.
 */
export interface Feedback {
  module: string;
  title: string;
  student: string;
  score: number;
  total: number;
  penalty: number;
  notes: string[];
  tests: TestFeedback[];
  answers: AnswerFeedback[];
  lateness?: string;
  own_run?: OwnRun | null;
}
/**
 * What a student reads about one test. ``corrected`` tells that a person set the points.
 */
export interface TestFeedback {
  test: string;
  score: number;
  possible: number;
  status: 'passed' | 'partly passed' | 'failed';
  message: string;
  corrected: boolean;
  seconds: number;
  peak_bytes: number;
  reference_seconds: number;
  reference_peak_bytes: number;
}
/**
 * The tests once more on the student's own earlier modules: for information, it never counts.
 *
 * ``own`` are the modules taken from the student, ``replaced`` says why the reference stood in for others.
 */
export interface OwnRun {
  module: string;
  student: string;
  graded_at: string;
  tests: OwnTest[];
  own: string[];
  replaced: {
    [k: string]: string;
  };
}
/**
 * One test on the student's own earlier modules, beside its ``graded`` points; ``causes`` explain a difference.
 */
export interface OwnTest {
  test: string;
  score: number;
  graded: number;
  possible: number;
  message: string;
  causes?: string[];
}
/**
 * A course that somebody has a role in.
 */
export interface Membership {
  course: string;
  title: string;
  role: 'student' | 'grader' | 'instructor';
}
/**
 * The courses of the server's user; ``message`` says why they cannot be told.
 */
export interface MembershipList {
  message: string;
  courses: Membership[];
}
/**
 * One milestone as the sidebar shows it. ``after`` is the name of the module it comes after.
 *
 * ``missing`` are the modules it needs that are not exported, ``outdated`` those whose notebook has changed since.
 * ``minutes`` says about how long a run keeps a processor busy, 0 for seconds; ``full_minutes`` says so of the longer
 * run, which asks for more, where there is one.
 */
export interface MilestoneEntry {
  number: number;
  title: string;
  goal: string;
  after: string;
  minutes: number;
  full_minutes: number | null;
  status: 'unavailable' | 'blocked' | 'ready' | 'failed' | 'passed';
  missing: string[];
  outdated: string[];
  result: MilestoneResult | null;
  run: MilestoneRun;
}
/**
 * How the last run that came to an end ended; ``plot`` tells whether its plot can be fetched.
 */
export interface MilestoneResult {
  passed: boolean;
  date: string;
  message: string;
  figures: MilestoneFigure[];
  plot: boolean;
  seconds: number;
}
/**
 * One number that a run came to.
 */
export interface MilestoneFigure {
  name: string;
  value: number;
}
/**
 * A milestone's run in progress, or the server's last one; ``reason`` says why it came to no result.
 */
export interface MilestoneRun {
  run_id: string;
  state: 'never' | 'running' | 'done' | 'cancelled' | 'failed';
  progress: MilestoneProgress | null;
  reason: string;
}
/**
 * How far a run is: steps ended of all, the last one's title, and the losses so far, one that diverged absent.
 */
export interface MilestoneProgress {
  done: number;
  total: number;
  step: string;
  losses: (number | null)[];
}
/**
 * All milestones of the course, in its order.
 */
export interface MilestoneList {
  milestones: MilestoneEntry[];
}
/**
 * What the event bus carries while a milestone runs: how far its run is, or how it ended.
 */
export interface MilestoneRunEvent {
  number: number;
  run: MilestoneRun;
}
/**
 * An error in a cell that is not a test; the line counts from 1 and is absent when unknown.
 */
export interface Notice {
  cell_id: string;
  line: number | null;
  message: string;
}
/**
 * A module's notebook in the workspace; ``backup`` is where the replaced one was kept, after a reset.
 */
export interface OpenedModule {
  module: string;
  path: string;
  created: boolean;
  backup: string | null;
}
/**
 * One file of the student's package: the module it is exported from and the names it offers.
 */
export interface PackageFile {
  name: string;
  module: string;
  state: 'missing' | 'behind' | 'current';
  names: string[];
}
/**
 * The student's package: the files of all started modules, and who uses what of whom.
 */
export interface PackageOverview {
  files: PackageFile[];
  uses: Use[];
  problems: ExportProblem[];
}
/**
 * Names that one file of the package takes from another; ``*`` stands for all.
 */
export interface Use {
  user: string;
  used: string;
  names: string[];
}
/**
 * How many of a module's tests passed at one time (ISO 8601), and the points they were worth.
 */
export interface PastRun {
  at: string;
  passed: number;
  total: number;
  points: number;
}
/**
 * What would be handed in now, and what is missing in it. ``unwritten`` are the cells that still hold a stub.
 *
 * ``tests_current`` tells that every result of the tests is of the code as it is now.
 */
export interface Readiness {
  module: string;
  digest: string;
  size: number;
  saved_at: string;
  unwritten: string[];
  tests_passed: number;
  tests_total: number;
  tests_current: boolean;
  answers: AnswerLength[];
}
/**
 * What a module is about, in Markdown.
 */
export interface Readme {
  markdown: string;
}
/**
 * A place in a traceback: the notebook cell's id (or a file name), the line from 1, and its text.
 */
export interface SourceFrame {
  cell: string;
  line: number;
  text: string;
}
/**
 * The receipts of everything handed in for a module, the newest first.
 */
export interface SubmissionList {
  submissions: Receipt[];
}
/**
 * What would be handed in now; ``complete`` tells that nothing is missing that could be known before grading.
 */
export interface SubmissionState {
  readiness: Readiness;
  complete: boolean;
}
/**
 * How past runs of a module's tests went, the oldest first.
 */
export interface TestHistory {
  runs: PastRun[];
}
/**
 * One test cell of a run. ``seconds`` and bytes are of the cell; reference figures are absent when unknown.
 *
 * ``checksum`` is that of the code the result depends on; ``stale`` tells that the saved notebook's is another.
 */
export interface TestRow {
  grade_id: string;
  cell_id: string;
  title: string;
  points: number;
  checksum: string;
  stale: boolean;
  status: 'pending' | 'running' | 'passed' | 'failed' | 'not_run';
  message: string;
  evidence: Evidence | null;
  frames: SourceFrame[];
  traceback: string;
  seconds: number | null;
  peak_bytes: number | null;
  reference_seconds: number | null;
  reference_peak_bytes: number | null;
}
/**
 * A run of a module's inline tests; ``notices`` are errors in cells that are not tests.
 */
export interface TestRun {
  run_id: string;
  module: string;
  state: 'never' | 'running' | 'done' | 'cancelled' | 'failed';
  rows: TestRow[];
  notices: Notice[];
  started_at: string | null;
  seconds: number | null;
  reason: string;
}
/**
 * What the event bus carries while tests run: the row that changed, or the run's new state.
 */
export interface TestRunEvent {
  run_id: string;
  module: string;
  state: 'never' | 'running' | 'done' | 'cancelled' | 'failed';
  row: TestRow | null;
}
/** The version of this front end. */
export const VERSION = '0.1.0';
