"""Answers to lesson 17's exercises, as learners might write them."""

RIGHT, WRONG = {}, {}
