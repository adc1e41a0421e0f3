"""Training: a model of your own (`finetune`, lesson 06), and how the bundled one was made (`bundled`)."""
