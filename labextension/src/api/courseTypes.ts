// Generated from tinytorch_lab/api/courses/routes.py by "npm run types"; edit the models there.

/**
 * One grader against the agreed marks. ``kappa`` is absent where it says nothing: all marks in one level.
 *
 * ``drift`` is the mean difference over the last re-inserted samples, ``drifting`` whether that is a warning.
 */
export interface Agreement {
  grader: string;
  marks: number;
  kappa: number | null;
  difference: number;
  levels: LevelDifference[];
  drift: number | null;
  drifting: boolean;
}
/**
 * How many points a grader gives, on average, above (or, negative, below) the agreed ones at one level.
 */
export interface LevelDifference {
  level: string;
  marks: number;
  difference: number;
}
/**
 * What stands around an answer: the code of the submission, its tests, and the student's other answers.
 */
export interface AnswerContext {
  code: CodeCell[];
  tests: TestSummary[];
  answers: OtherAnswer[];
}
/**
 * A cell of the student's own code.
 */
export interface CodeCell {
  id: string;
  source: string;
}
/**
 * One test of the submission, with what it measured beside the reference.
 */
export interface TestSummary {
  test: string;
  score: number;
  possible: number;
  status: 'passed' | 'partly passed' | 'failed';
  message: string;
  seconds: number;
  peak_bytes: number;
  reference_seconds: number;
  reference_peak_bytes: number;
}
/**
 * Another answer of the same student: to this module's other questions, or in earlier modules.
 */
export interface OtherAnswer {
  module: string;
  response: string;
  title: string;
  html: string;
  points: number | null;
  total: number;
}
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
 * For whom to store what a regrade found; ``None``: for all.
 */
export interface ApplyBody {
  students?: string[] | null;
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
 * One change; ``details`` is plain data that depends on the action.
 */
export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  action: string;
  module: string | null;
  student: string | null;
  details: {
    [k: string]: unknown;
  };
}
/**
 * A bar of a histogram: ``count`` scores from ``low`` up to, but (save in the last bar) not at, ``high``.
 */
export interface Bin {
  low: number;
  high: number;
  count: number;
}
/**
 * How the graders of a question agree with its samples; to a grader, only the grader's own figures.
 */
export interface Calibration {
  module: string;
  response: string;
  total: number;
  agreements: Agreement[];
  divisive: Divisive[];
}
/**
 * A sample on which graders differ: their points, and the standard deviation of those.
 */
export interface Divisive {
  sample: number;
  agreed: number;
  points: [unknown, unknown][];
  spread: number;
}
/**
 * A module or project of the curriculum, whether the course has begun with it or not.
 */
export interface CatalogueEntry {
  module: string;
  title: string;
}
/**
 * One student's work in one module; ``score`` is after the deduction for lateness, absent until graded.
 */
export interface Cell {
  state:
    | 'not submitted'
    | 'submitted'
    | 'to mark'
    | 'marked'
    | 'feedback'
    | 'returned';
  score: number | null;
  late: boolean;
  integrity: string;
  to_mark: number;
}
/**
 * One cell of a submission.
 */
export interface CellText {
  cell: string;
  text: string;
}
/**
 * A comment to keep for reuse.
 */
export interface CommentBody {
  text: string;
}
/**
 * The parts and their sums. ``so_far`` is the average over what is ``decided`` (a share of the course).
 */
export interface CourseGrade {
  parts: Part[];
  decided: number;
  so_far: number | null;
  lowest: number;
  highest: number;
}
/**
 * One line of the grade: its ``weight`` in the course and the shares of it that are earned, sure and possible.
 *
 * ``earned`` counts missing work as nothing and is ``None`` while nothing is decided.
 */
export interface Part {
  name: string;
  kind: 'module' | 'milestone' | 'midterm' | 'final';
  weight: number;
  state: 'open' | 'missing' | 'submitted' | 'provisional' | 'graded';
  earned: number | null;
  lowest: number;
  highest: number;
}
/**
 * The course as a grader sees it: its modules, and nothing of single students. ``me`` is who asks.
 *
 * ``catalogue`` is all that could be generated.
 */
export interface CourseModules {
  course: string;
  title: string;
  me: string;
  role: string;
  modules: ModuleColumn[];
  catalogue: CatalogueEntry[];
}
/**
 * One module as it stands for the class; ``to_mark`` counts answers, the other numbers count students.
 */
export interface ModuleColumn {
  module: string;
  title: string;
  released_at: string | null;
  due_at: string | null;
  automatic_total: number;
  written_total: number;
  submitted: number;
  waiting: number;
  graded: number;
  to_mark: number;
  marked: number;
  returned: number;
  suspicious: number;
  next_action:
    | 'generate'
    | 'release'
    | 'wait'
    | 'autograde'
    | 'mark'
    | 'feedback'
    | 'return'
    | 'done';
}
/**
 * The scores of a class, with quartiles as a box plot draws them (linear between neighbours).
 */
export interface Distribution {
  count: number;
  mean: number;
  minimum: number;
  lower_quartile: number;
  median: number;
  upper_quartile: number;
  maximum: number;
  histogram: Bin[];
}
/**
 * When a module is due (ISO 8601), or ``None``: never.
 */
export interface DueBody {
  due_at: string | null;
}
/**
 * A due date of one student's own.
 */
export interface Extension {
  student: string;
  due_at: string;
  reason: string;
  granted_by: string;
  granted_at: string;
}
/**
 * A due date of one student's own, and why.
 */
export interface ExtensionBody {
  due_at: string;
  reason?: string;
}
/**
 * What ``count`` students failed a test with; ``example`` is the message of one of them.
 */
export interface FailureReason {
  example: string;
  count: number;
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
 * Why an answer needs another look.
 */
export interface FlagBody {
  note?: string;
}
/**
 * One grader's marks for a question: how many answers, and the median seconds from one answer to the next.
 *
 * Pauses of more than :data:`PAUSE` seconds are left out; without two answers in a row there is no pace.
 */
export interface GraderPace {
  grader: string;
  answers: number;
  seconds: number | null;
}
/**
 * A due date of the student's own.
 */
export interface GrantedExtension {
  module: string;
  due_at: string;
  reason: string;
  granted_by: string;
}
/**
 * One submission.
 */
export interface HandedIn {
  id: string;
  received_at: string;
  source: string;
  size: number;
}
/**
 * Whose answer it is.
 */
export interface Identity {
  student: string;
}
/**
 * How many students of a class list were new, and how many known.
 */
export interface Imported {
  new: number;
  known: number;
}
/**
 * Long work on the course, as asked for and as far as it has come.
 *
 * ``done`` when every subject was dealt with, though maybe not well; ``failed`` when the job itself had to stop, and
 * ``message`` says why. Times are ISO 8601 in UTC: asked for, entered in the queue, begun (the last time), ended, and
 * announced to whoever follows it.
 */
export interface Job {
  id: number;
  kind: string;
  arguments: {
    [k: string]: unknown;
  };
  requested_by: string;
  requested_at: string;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  reported_at: string | null;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  attempt: number;
  done: number;
  total: number;
  message: string;
}
/**
 * Work on a module for all students, or for those named.
 *
 * ``changed`` leaves out what was graded as it is (autograde); ``force`` goes on with answers unmarked (feedback,
 * return_feedback). ``regrade`` changes nothing: it finds out what :class:`ApplyBody` would change. ``milestone`` runs
 * the one that comes after the module, ``own_modules`` the module's tests on students' own earlier modules.
 */
export interface JobBody {
  kind:
    | 'generate'
    | 'release'
    | 'collect'
    | 'autograde'
    | 'own_modules'
    | 'milestone'
    | 'feedback'
    | 'return_feedback'
    | 'regrade';
  module: string;
  students?: string[] | null;
  changed?: boolean;
  force?: boolean;
}
/**
 * A job with what it did for each subject so far.
 */
export interface JobDetails {
  job: Job;
  rows: JobRow[];
}
/**
 * What a job did for one student, or for the module; ``score`` of ``total`` when it gave one.
 *
 * ``details`` is what a kind of job has to say beyond that, as plain data.
 */
export interface JobRow {
  subject: string;
  ok: boolean;
  message: string;
  score?: number | null;
  total?: number | null;
  details?: {
    [k: string]: unknown;
  } | null;
}
/**
 * What was logged during a job.
 */
export interface JobLog {
  text: string;
}
/**
 * A comment for reuse; ``uses`` counts the marks that quote it.
 */
export interface KeptComment {
  id: number;
  text: string;
  author: string;
  uses: number;
}
/**
 * ``deduction`` percent of the points earned for each ``per`` begun after the due date, up to ``maximum`` percent.
 *
 * The first ``grace_minutes`` cost nothing; once they are over, lateness counts from the due date. What comes more
 * than ``cut_off_hours`` late earns nothing (0: there is no cut-off). A share of the points *earned* is all that
 * nbgrader's own plug-in can take, so its command line and ours agree.
 */
export interface LatePolicy {
  deduction?: number;
  per?: 'day' | 'hour';
  grace_minutes?: number;
  maximum?: number;
  cut_off_hours?: number;
}
/**
 * What lateness costs: percent of the points earned for each day or hour begun, and its limits.
 */
export interface LatePolicyBody {
  deduction: number;
  per?: 'day' | 'hour';
  grace_minutes?: number;
  maximum?: number;
  cut_off_hours?: number;
}
/**
 * What lateness costs, and how students are told.
 */
export interface LateTerms {
  policy: LatePolicy;
  sentence: string;
}
/**
 * One mark given to a written answer; ``points`` is ``None`` for one that takes a mark back.
 *
 * ``answer`` is the digest of the answer that was marked, ``seen`` the mark its author saw standing. One that is not
 * ``standing`` met another author's mark and waits for a decision.
 */
export interface Mark {
  id: number;
  module: string;
  student: string;
  response: string;
  points: number | null;
  level: string;
  criteria: string[];
  comment: string;
  author: string;
  at: string;
  answer: string;
  seen: number | null;
  standing: boolean;
}
/**
 * A mark; ``seen`` is the number of the mark that stood when the grader decided, ``None`` when none did.
 *
 * ``answer`` is the digest of the text that was read, as it came with it; for another text the mark is refused.
 */
export interface MarkBody {
  points: number;
  level?: string;
  criteria?: string[];
  comment?: string;
  seen?: number | null;
  answer?: string | null;
}
/**
 * What became of a mark: it stands, or ``other`` does, which its author had not seen; then somebody decides.
 */
export interface MarkOutcome {
  mark: Mark;
  other: Mark | null;
}
/**
 * How an answer is marked; the best level first.
 */
export interface MarkScheme {
  total: number;
  levels: Level[];
}
/**
 * How the marking of a question goes; ``graders`` are those it is divided among, nobody when everyone marks all.
 */
export interface MarkingPace {
  pace: GraderPace[];
  graders: string[];
}
/**
 * An answer as a grader sees it. ``html`` is sanitised; ``history`` is in order of time, the oldest first.
 *
 * ``answer`` is the digest of the answer as it was last graded, which a mark for it names. ``outdated`` tells that it
 * was another when ``mark`` was given.
 */
export interface MarkingView {
  key: string;
  module: string;
  response: string;
  question_html: string;
  text: string;
  answer: string;
  html: string;
  words: number;
  scheme: MarkScheme;
  mark: Mark | null;
  outdated: boolean;
  history: Mark[];
  flag: string | null;
}
/**
 * The same passage in two submissions; ``tokens`` is its length in words, or in tokens of code.
 */
export interface Match {
  left: Passage;
  right: Passage;
  tokens: number;
}
/**
 * Lines of a cell, from 1, both ends included.
 */
export interface Passage {
  cell: string;
  first_line: number;
  last_line: number;
}
/**
 * Whether a student has reached a milestone, and what was seen.
 */
export interface MilestoneBody {
  passed: boolean;
  message?: string;
}
/**
 * The distributions are absent before anything is graded (or marked); ``tests`` has the hardest first.
 */
export interface ModuleStatistics {
  module: string;
  tests: TestStatistics[];
  automatic: Distribution | null;
  written: Distribution | null;
  total: Distribution | null;
}
/**
 * How ``taken`` students did in a test; ``average`` is the mean share of its points, the reasons most first.
 */
export interface TestStatistics {
  test: string;
  taken: number;
  passed: number;
  partly: number;
  failed: number;
  average: number;
  reasons: FailureReason[];
}
/**
 * What a student did in one module; points are absent until graded. ``detail`` of a test is for the grader.
 */
export interface ModuleWork {
  module: string;
  submissions: HandedIn[];
  automatic: number | null;
  automatic_total: number;
  written: number | null;
  written_total: number;
  penalty: number;
  to_mark: number;
  integrity: string;
  reason: string;
  notes: string[];
  graded_at: string | null;
  returned_at: string | null;
  tests: ScoredTest[];
}
/**
 * One test of a graded run. ``message`` is for the student, ``detail`` for the grader.
 */
export interface ScoredTest {
  test: string;
  score: number;
  possible: number;
  status: 'passed' | 'partly passed' | 'failed';
  message: string;
  detail: string;
  seconds?: number;
  peak_bytes?: number;
  reference_seconds?: number;
  reference_peak_bytes?: number;
}
/**
 * The whole class.
 */
export interface Overview {
  course: string;
  title: string;
  modules: ModuleColumn[];
  students: StudentRow[];
}
/**
 * One student with a cell for each module of the overview.
 */
export interface StudentRow {
  student: string;
  name: string;
  cells: Cell[];
}
/**
 * One question with how far its marking is; the numbers count answers.
 */
export interface Question {
  module: string;
  response: string;
  title: string;
  total: number;
  answers: number;
  marked: number;
  flagged: number;
  conflicts: number;
}
/**
 * One answer in the order of marking; ``author`` gave the mark that stands, ``conflict`` waits for a decision.
 */
export interface QueuedAnswer {
  key: string;
  state: 'to mark' | 'marked' | 'no answer';
  points: number | null;
  author: string;
  flagged: boolean;
  conflict: boolean;
}
/**
 * Why a student is listed: in a sentence, with the modules it is about.
 */
export interface Reason {
  kind: 'missing' | 'low written' | 'incomplete' | 'falling';
  sentence: string;
  modules: string[];
}
/**
 * A class list as the text of a CSV file, and the file's name for messages about it.
 */
export interface RosterBody {
  content: string;
  name?: string;
}
/**
 * A sample answer. What was agreed, and why, is absent until the grader has marked it.
 */
export interface Sample {
  id: number;
  html: string;
  text: string;
  words: number;
  given: number | null;
  agreed: number | null;
  reason: string | null;
}
/**
 * A sample answer with the points that the instructors agreed on, and why.
 */
export interface SampleBody {
  text: string;
  points: number;
  reason?: string;
}
/**
 * The points that a grader gives a sample.
 */
export interface SampleMarkBody {
  points: number;
}
/**
 * Among whom the answers to a question are divided; nobody: everyone marks all.
 */
export interface SharesBody {
  graders: string[];
}
/**
 * What two students handed in, cell by cell, for a person to compare.
 */
export interface SideBySide {
  module: string;
  left: string;
  right: string;
  left_cells: CellText[];
  right_cells: CellText[];
}
/**
 * Two students with similar work. ``share`` (0 to 1) is how much of the shorter work the other one has too.
 */
export interface SimilarPair {
  left: string;
  right: string;
  share: number;
  matches: Match[];
}
/**
 * The most similar pairs of one kind in one cell, or (``cell`` empty) in all code of the module.
 *
 * ``found`` is how many pairs there are in all, ``groups`` are students linked by them, the largest group first.
 */
export interface SimilarityReport {
  kind: 'code' | 'answer';
  cell: string;
  compared: number;
  found: number;
  pairs: SimilarPair[];
  groups: string[][];
}
/**
 * A student with at least one reason to be looked at.
 */
export interface Struggling {
  student: string;
  reasons: Reason[];
}
/**
 * Everything about one student.
 */
export interface StudentPage {
  student: string;
  name: string;
  email: string;
  grade: CourseGrade;
  reasons: Reason[];
  modules: ModuleWork[];
  extensions: GrantedExtension[];
}
/**
 * A submission whose run was tampered with or did not come to its end, with what was seen.
 */
export interface Suspicious {
  module: string;
  student: string;
  integrity: string;
  reason: string;
  notes: string[];
  graded_at: string;
}
/**
 * Which mark to take back.
 */
export interface UndoBody {
  mark: number;
}
