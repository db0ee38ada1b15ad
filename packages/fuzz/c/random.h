// splitmix32, a sequence of its own for each case.

typedef unsigned Word;

void draw_for(Word seed, Word index);
Word draw(void);
Word below(Word limit);
