"""What can be asked of a worker: the kinds of jobs and their arguments, as values that check themselves."""

from dicomlake.jobs.kinds import ALONE, KINDS, Export, ImportIdc, Index, Kind, Retry, Sample, Task, plain, task

__all__ = ["ALONE", "KINDS", "Export", "ImportIdc", "Index", "Kind", "Retry", "Sample", "Task", "plain", "task"]
