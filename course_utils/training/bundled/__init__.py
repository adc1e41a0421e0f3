"""How the bundled model was made: the verse, the corpus, the tokenizer, the training and its measures."""
