"""What people leave behind that no file can bring back: settings, saved searches, jobs, and keys that sign.

::

    <data>/state/state.sqlite    the tables (:mod:`dicomlake.state.tables`), by SQLAlchemy; for the owner alone
    <data>/state/exports/<job>/  the file of an export job
"""

from dicomlake.state.jobs import Job, JobLimits, Jobs, Progress, Status
from dicomlake.state.preferences import Preferences
from dicomlake.state.searches import SavedSearch, Searches, SearchLimits
from dicomlake.state.state import LOCAL, State

__all__ = [
    "LOCAL",
    "Job",
    "JobLimits",
    "Jobs",
    "Preferences",
    "Progress",
    "SavedSearch",
    "SearchLimits",
    "Searches",
    "State",
    "Status",
]
