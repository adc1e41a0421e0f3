"""Making the bundled model: the verse, the corpus, the tokenizer, the training and its evaluation."""
