"""The README.md that a class's folder gets."""

GUIDE = """# A class

Commands are given in the course's folder, with this folder's path for CLASS and the assignment's
name for ps1.

| folder | what is in it |
|---|---|
| `source/ps1` | the assignment with solutions and hidden checks: keep it to yourself |
| `release/ps1` | what students get |
| `preview/ps1` | how it looks to them: `python -m coursekit preview CLASS --name ps1` |
| `submitted/STUDENT/ps1` | what a student handed in; STUDENT is the name in your books |
| `autograded/STUDENT/ps1` | the same after it was run |
| `feedback/STUDENT/ps1` | pages to give back |
| `marks_ps1.csv` | the marks |
| `gradebook.db`, `graded`, `plans`, `late.json` | what is known of the class: keep copies |

1. Look at the preview, then give out `release/ps1`: as files, through your learning platform, or
   with `nbgrader release_assignment ps1` where a server has an exchange.
2. Put what comes back into `submitted`. A platform's archive can be sorted into it by
   `nbgrader zip_collect`; what came through an exchange is collected by the next command. Late days
   are counted where a submission has a `timestamp.txt`, which both of them write: one line, the
   date and time, `2027-01-31 23:59:00 UTC`.
3. `python -m coursekit grade CLASS --name ps1` grades whatever is new. Stop it when you like and
   start it again. Who has no mark is named with the reason: look at the file, and give a mark in
   Formgrader if you want to. Such marks are never overwritten.
4. Written answers wait in Formgrader, under Manual Grading, with rubric and record beside them.
   Then give the command of step 3 again: it makes the table anew.
5. Give back `feedback`, or `nbgrader release_feedback ps1`. For the books, add
   `--canvas EXPORT.csv` or `--moodle WORKSHEET.csv` to step 3.

One student again: `--student NAME --again`. A check was wrong: mend the lesson, then
`python -m coursekit assign …` as before with `--again`, and `grade` with `--exercise KEY`; it lists
whose marks changed. The settings of this folder are in `nbgrader_config.py`, the seconds that a
cell may run among them.
"""
