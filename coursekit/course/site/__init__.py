"""The course as static pages: what is stored in the notebooks, to read, guess and turn knobs at."""
